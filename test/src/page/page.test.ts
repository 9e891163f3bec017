import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellIdOf, fingerprintOf, sweepIdOf } from "../../../src/base/fingerprint.js";
import type { Event } from "../../../src/journal/events.js";
import { foldJournal } from "../../../src/journal/state.js";
import { pageOf } from "../../../src/page/index.js";
import { compareSweep } from "../../../src/report/index.js";
import { BROWSER_TIMEOUT, openBrowser } from "../../support/browser.js";
import { entriesOf } from "../../support/journal.js";
import { newFolder, removeFolders } from "../../support/stage.js";

/** What a user may write, and a browser would take for markup. */
const NASTY = `<img src=x onerror=alert(1)> & "quotes" </style>`;
const VARIANTS = ["none", NASTY, "a variant whose name is long enough to need room of its own"];
const SEEDS = [1, 2, 3];

/** The events of a finished sweep: three variants, two rows, three seeds, three epochs each. */
function sweepEvents(): readonly Event[] {
  const planned = VARIANTS.flatMap((variant) =>
    ["small", "large"].flatMap((size) =>
      SEEDS.map((seed) => {
        const settings = { variant, size, seed };
        const identity = { runner: "model", version: 1, params: settings, inputs: {}, files: {} };
        const stage = { ...identity, fingerprint: fingerprintOf(identity), label: `model ${size}` };
        return { stage, cell: { id: cellIdOf(settings), settings, stage: stage.fingerprint } };
      }),
    ),
  );
  const cells = planned.map(({ cell }) => cell);
  const sweep = sweepIdOf(
    "page",
    cells.map(({ id }) => id),
  );
  const grid = { variant: VARIANTS, size: ["small", "large"], seed: SEEDS };
  const compare = { baseline: { variant: "none" }, metrics: ["test.score"] };
  const resolved = { name: NASTY, sweep: { grid }, compare };
  return [
    {
      ...{ type: "sweep-started", sweep, experiment: NASTY, specFile: "page.yaml" },
      ...{ specText: `name: '${NASTY}'\n`, resolved, cells },
      stages: planned.map(({ stage }) => stage),
      ...{ codeVersion: "1", gitCommit: null, process: 1, host: "here" },
    },
    ...planned.flatMap(({ stage, cell }, place): Event[] => {
      const { fingerprint } = stage;
      const value = 0.7 + VARIANTS.indexOf(cell.settings.variant) / 100 + (place % 3) / 1000;
      const at = { type: "stage-metrics", stage: fingerprint } as const;
      return [
        {
          ...{ type: "stage-started", stage: fingerprint, attempt: 1, worker: 1, gpus: [] },
          fusedWith: 1,
        },
        ...[1, 2, 3].map((step): Event => ({ ...at, step, values: { loss: 1 / step } })),
        {
          ...{ type: "stage-finished", stage: fingerprint, seconds: 2 },
          result: { metrics: { "test.score": value }, marks: { note: NASTY } },
        },
      ];
    }),
    { type: "sweep-finished", outcome: "done", seconds: 36 },
  ];
}

let file: string;
let markup: string;
beforeAll(async () => {
  const state = foldJournal(entriesOf(sweepEvents()))!;
  const comparison = compareSweep(state);
  markup = await pageOf({ comparison, state, curves: ["loss"] });
  file = path.join(await newFolder(), "report.html");
  await writeFile(file, markup);
});
afterAll(removeFolders);

it("asks for nothing from anywhere, and runs no script", () => {
  expect(markup).not.toMatch(/<(?:script|link|iframe|object)\b/i);
  expect(markup).not.toMatch(/(?:src|href)=["']?(?!#)[^"'\s>]*[:/]/i);
  expect(markup.match(/url\((?!#)/g)).toBeNull();
});

describe("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  }, BROWSER_TIMEOUT);
  afterAll(() => browser.close());

  it.each([
    ["desktop", "light", { width: 1200, height: 900 }],
    ["phone", "dark", { width: 390, height: 844 }],
  ] as const)("%s, %s: nothing hinders a reader", async (_, colorScheme, viewport) => {
    const context = await browser.newContext({ colorScheme, viewport });
    const page = await context.newPage();
    const asked: string[] = [];
    const wrong: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(error.message));
    await page.goto(pathToFileURL(file).href);
    expect(asked).toEqual([pathToFileURL(file).href]);
    expect(wrong).toEqual([]);
    // What a user wrote is text, wherever it stands.
    expect(await page.locator("h1").textContent()).toBe(NASTY);
    expect(await page.locator("img").count()).toBe(0);
    // A forest plot, curves, times; each is named for who does not see it.
    const figures = page.locator("svg[role=graphics-document]");
    expect(await figures.count()).toBe(3);
    for (const figure of await figures.all())
      expect(await figure.getAttribute("aria-label")).toMatch(/\w/);
    // Only what scrolls by itself is wider than the page.
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(viewport.width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    await context.close();
  });

  it("shows each variant in each row with its difference from the baseline", async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    const rows = page.locator("table", { hasText: "higher is better" }).locator("tbody tr");
    expect(await rows.count()).toBe(VARIANTS.length * 2);
    const texts = await rows.allTextContents();
    expect(texts[0]).toContain("none (baseline)");
    expect(texts[2]).toContain("+0.0200");
    expect(await readFile(file, "utf8")).toContain("What stages say of their results");
    await page.close();
  });
});
