import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellIdOf, fingerprintOf, sweepIdOf } from "../../../src/base/fingerprint.js";
import type { Exhibit } from "../../../src/contract/exhibits.js";
import type { Event } from "../../../src/journal/events.js";
import { foldJournal } from "../../../src/journal/state.js";
import { reportFiles } from "../../../src/page/index.js";
import { compareSweep } from "../../../src/report/index.js";
import { Store } from "../../../src/store/index.js";
import { BROWSER_TIMEOUT, openBrowser } from "../../support/browser.js";
import { entriesOf } from "../../support/journal.js";
import { newFolder, removeFolders } from "../../support/stage.js";
import { science } from "../../support/toy/science.js";

/** What a user may write, and a browser would take for markup. */
const NASTY = `<img src=x onerror=alert(1)> & "quotes" </style>`;
const LONG = "a variant whose name is long enough to need room of its own";
const ARABIC = "\u0645\u0633\u062a\u062e\u062f\u0645";
const CHINESE = "\u7528\u6237\u559c\u6b22\u79d1\u5e7b\u5c0f\u8bf4";

interface Shape {
  readonly variants: readonly string[];
  readonly sizes: readonly string[];
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
  /** How the last cell ends; the others finish. */
  readonly last: "finished" | "failed" | "running";
}

/** The events of a sweep, three epochs a cell; the first variant is the baseline. */
function sweepEvents({ variants, sizes, rates, seeds, last }: Shape): readonly Event[] {
  const planned = variants.flatMap((variant) =>
    sizes.flatMap((size) =>
      rates.flatMap((rate) =>
        seeds.map((seed) => {
          const settings = { variant, size, rate, seed };
          const identity = { runner: "model", version: 1, params: settings, inputs: {}, files: {} };
          const stage = {
            ...identity,
            ...{ fingerprint: fingerprintOf(identity), label: `model ${size}` },
          };
          return { stage, cell: { id: cellIdOf(settings), settings, stage: stage.fingerprint } };
        }),
      ),
    ),
  );
  const cells = planned.map(({ cell }) => cell);
  const sweep = sweepIdOf(
    "page",
    cells.map(({ id }) => id),
  );
  const grid = { variant: variants, size: sizes, rate: rates, seed: seeds };
  const compare = { baseline: { variant: variants[0]! }, metrics: ["test.score"] };
  const resolved = { name: NASTY, sweep: { grid }, compare };
  return [
    {
      ...{ type: "sweep-started", sweep, experiment: NASTY, specFile: "page.yaml" },
      ...({ specText: `name: '${NASTY}'\n`, resolved, cells } as const),
      stages: planned.map(({ stage }) => stage),
      ...{ codeVersion: "1", gitCommit: null, process: 1, host: "here" },
    } as Event,
    ...planned.flatMap(({ stage, cell }, place): Event[] => {
      const { fingerprint } = stage;
      const { variant, rate } = cell.settings;
      const value = 0.7 + variants.indexOf(variant) / 100 + rate + (place % 3) / 1000;
      const at = { type: "stage-metrics", stage: fingerprint } as const;
      const begun: Event[] = [
        {
          ...{ type: "stage-started", stage: fingerprint, attempt: 1, worker: 1, gpus: [] },
          fusedWith: 1,
        },
        ...[1, 2, 3].map((step): Event => ({ ...at, step, values: { loss: 1 / step } })),
      ];
      const how = place === planned.length - 1 ? last : "finished";
      if (how === "running") return begun;
      if (how === "failed")
        return [
          ...begun,
          {
            ...{ type: "stage-failed", stage: fingerprint, seconds: 1 },
            error: { message: NASTY, kind: "machine" },
          },
        ];
      return [
        ...begun,
        {
          ...{ type: "stage-finished", stage: fingerprint, seconds: 2 },
          result: {
            ...{ metrics: { "test.score": value }, marks: { note: NASTY } },
            surroundings: { lab: place === 0 ? `own environment ${NASTY}` : "lab-1" },
          },
        },
      ];
    }),
    ...(last === "running"
      ? []
      : [
          {
            ...{ type: "sweep-finished", outcome: last === "failed" ? "failed" : "done" },
            seconds: 36,
          } as Event,
        ]),
  ];
}

const RICH: Shape = {
  variants: ["none", NASTY, LONG],
  sizes: ["small", ARABIC],
  rates: [0.001, 0.1],
  seeds: [1, 2, 3],
  last: "finished",
};

const EXHIBITS: readonly Exhibit[] = [
  { kind: "table", title: "Coverage", head: ["of", "share"], rows: [[NASTY, "100 %"]] },
  {
    ...{ kind: "texts", title: NASTY },
    texts: [
      { title: "profile", text: NASTY },
      { title: "thought", text: `${ARABIC} ${ARABIC}\n${CHINESE}` },
      { title: "judged", text: "" },
      { title: LONG, text: "x".repeat(400) },
    ],
  },
];

/** The files of a report, of a sweep of some shape. */
async function filesOf(shape: Shape, exhibits: readonly Exhibit[] = []) {
  const state = foldJournal(entriesOf(sweepEvents(shape)))!;
  return reportFiles({
    ...{ state, comparison: compareSweep(state) },
    science: { ...science, exhibits: () => Promise.resolve(exhibits) },
    store: new Store(await newFolder()),
  });
}

let file: string;
let markup: string;
let files: Awaited<ReturnType<typeof filesOf>>;
beforeAll(async () => {
  files = await filesOf(RICH, EXHIBITS);
  markup = files["report.html"] as string;
  file = path.join(await newFolder(), "report.html");
  await writeFile(file, markup);
}, 60_000);
afterAll(removeFolders);

it("says what stages ran in, each fact with how many of them", () => {
  const [section] = /What stages ran in.*?<\/table>/s.exec(markup)!;
  const rows = [...section.matchAll(/<td[^>]*>([^<]*)<\/td>\s*<td[^>]*>(\d+)<\/td>/g)];
  expect(rows.map(([, value, count]) => [value!.startsWith("own environment"), count])).toEqual([
    [true, "1"],
    [false, "35"],
  ]);
});

it("asks for nothing from anywhere, and runs no script", () => {
  expect(markup).not.toMatch(/<(?:script|link|iframe|object)\b/i);
  // Names of SVG's own formats are no addresses that a browser asks.
  expect(markup).not.toMatch(/\s(?:src|href)=["']?(?!#)[^"'\s>]*[:/]/i);
  expect(markup.match(/url\((?!#)/g)).toBeNull();
});

it("draws each figure as PNG too, with its text, in colours of its own", () => {
  const names = Object.keys(files).filter((name) => name.startsWith("figures/"));
  expect(names.sort()).toEqual(
    ["curve-loss", "difference-test.score", "graph", "response-rate", "time"].map(
      (name) => `figures/${name}.png`,
    ),
  );
  for (const name of names) {
    const bytes = Buffer.from(files[name] as Uint8Array);
    expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
    // A picture without text would be much smaller.
    expect(bytes.length).toBeGreaterThan(4000);
  }
});

describe("where there is little to show", () => {
  it("one cell, one seed: a mean, and no figure that compares", async () => {
    const one = await filesOf({
      ...{ variants: ["none"], sizes: ["small"], rates: [0.1], seeds: [1], last: "finished" },
    });
    expect(one["report.html"]).toContain("n=1");
    expect(Object.keys(one)).not.toContain("figures/difference-test.score.png");
    expect(one["report.html"]).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("nothing has finished: it says so", async () => {
    const none = await filesOf({
      ...{ variants: ["none"], sizes: ["small"], rates: [0.1], seeds: [1], last: "running" },
    });
    expect(none["report.html"]).toContain("Nothing is decided yet: 1 of 1 cells");
    expect(none["report.html"]).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("a failed cell: it is named, and its row has no verdict of its own", async () => {
    const shape = { ...RICH, variants: ["none", "more"], last: "failed" } as const;
    const report = (await filesOf(shape))["report.html"] as string;
    expect(report).toContain("Cells: 23 done, 1 failed");
    expect(report).toContain("is failed: &lt;img src=x");
    expect(report).toContain("more is highest");
    expect(report.match(/is highest/g)).toHaveLength(3);
  });
});

it("500 cells: a page of some hundred kilobytes, within seconds", async () => {
  const begin = performance.now();
  const many = await filesOf({
    variants: ["none", "more"],
    sizes: Array.from({ length: 25 }, (_, size) => `size ${size}`),
    rates: [0.1, 0.2],
    seeds: [1, 2, 3, 4, 5],
    last: "finished",
  });
  // On a busy machine too: about 3 s were measured.
  expect(performance.now() - begin).toBeLessThan(60_000);
  expect((many["report.html"] as string).length).toBeLessThan(2_000_000);
}, 90_000);

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
    // A forest plot, a response, curves, times, the graph; each is named for who does not see it.
    const figures = page.locator("svg[role]:visible");
    expect(await figures.count()).toBe(5);
    for (const figure of await figures.all())
      expect(await figure.getAttribute("aria-label")).toMatch(/\w/);
    expect(await page.locator(".text").allTextContents()).toEqual([
      NASTY,
      `${ARABIC} ${ARABIC}\n${CHINESE}`,
      "(no text)",
      "x".repeat(400),
    ]);
    // Only what scrolls by itself is wider than the page.
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(viewport.width);
    if (viewport.width < 640) {
      // On a phone nothing has to be moved sideways: neither figures nor tables nor texts.
      const moved = await page.evaluate(`[...document.querySelectorAll("main .scroll, main .side")]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => one.getAttribute("aria-label"))`);
      expect(moved).toEqual([]);
      // A table of many columns is still one to who hears it, and each value stands beside its column's name.
      const table = page.getByRole("table", { name: /higher is better/ });
      const cell = table.getByRole("row").nth(3).getByRole("cell").nth(1);
      expect(await cell.textContent()).toContain("+0.0");
      const shown = "[...document.querySelectorAll('.rows td')]";
      const head = `getComputedStyle(${shown}.find((one) => one.textContent.includes("+0.0")), "::before")`;
      expect(await page.evaluate(`${head}.content`)).toBe('"difference"');
    }
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    await context.close();
  });

  it("shows each variant in each row with its difference from the baseline", async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    const rows = page.locator("table", { hasText: "higher is better" }).locator("tbody tr");
    expect(await rows.count()).toBe(3 * 2 * 2);
    const texts = await rows.allTextContents();
    expect(texts[0]).toContain("none (baseline)");
    expect(texts[2]).toContain("+0.0200");
    expect(await readFile(file, "utf8")).toContain("What stages say of their results");
    await page.close();
  });
});
