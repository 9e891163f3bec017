import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Store } from "../../../src/store/index.js";
import { sweepSummary } from "../../../src/tracking/summary.js";
import type { TrackingSummary } from "../../../src/tracking/index.js";
import { BROWSER_TIMEOUT, openBrowser } from "../../support/browser.js";
import { science as toy } from "../../support/toy/science.js";
import type { ReadRun } from "./support.js";
import { GRID, kindOf, mlflowForTests, readBack, Rig, smallSweep } from "./support.js";

const server = mlflowForTests();
const science = {
  ...toy,
  headline: ["test.auc", "best_epoch"],
  curves: ["valid.auc", "train.loss"],
};
/** What the shared stage paid, as stages tell it. */
const PAID = {
  ...{ "cost.requests": 30, "cost.retries": 2, "cost.prompt_tokens": 6760 },
  ...{ "cost.completion_tokens": 900, "cost.usd": 0.0207, "cost.tokens_per_second": 969 },
};
const NAMES = ["profile seed=2", "profile seed=1", "none seed=2", "none seed=1"];

/** What a researcher sees of a sweep: MLflow's own pages of a real server, in a real browser. */
describe("a sweep in MLflow's pages", () => {
  let rig: Rig;
  let browser: Browser;
  let told: TrackingSummary;
  let said = "";
  let runs: readonly ReadRun[];
  let tags: Record<string, string>;
  const sweepRun = (): ReadRun => runs.find((run) => kindOf(run) === "sweep")!;

  beforeAll(async () => {
    browser = await openBrowser();
    rig = await Rig.make(smallSweep("pages", GRID));
    const tracker = rig.tracker(server.url, {
      science,
      summary: sweepSummary(science, new Store(rig.store), rig.folder),
      say: (message) => {
        if (message.type === "connected") said = message.experimentUrl;
      },
    });
    await rig.open([tracker]);
    await rig.runAll({}, PAID);
    await rig.journal.close();
    told = await tracker.finish(60_000);
    expect(told).toMatchObject({ outcome: "complete", problems: [] });
    ({ runs, tags } = await readBack(server.url, "pages"));
  }, BROWSER_TIMEOUT);
  afterAll(() => browser.close());

  /** A page that is left open by the test alone: MLflow's pages never come to rest. */
  async function look(address: string, at: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    await page.goto(address);
    await at(page);
    expect(wrong).toEqual([]);
    await page.close();
  }

  const namesIn = async (page: Page): Promise<string[]> => {
    const links = page.locator("a[href*='/runs/']");
    const texts = await links.allTextContents();
    return texts.map((text) => text.trim()).filter((text) => NAMES.includes(text));
  };

  const patient = { timeout: 60_000 };

  test("the sweep's run has settings, data set, figures, finding and report", () => {
    const run = sweepRun();
    expect(run.params).toEqual({
      variant: '["none","profile"]',
      seed: "[1,2]",
      "ctr.learning_rate": "0.001",
      "ctr.mlp": "[200,80]",
    });
    expect(run.inputs.map(({ name }) => name)).toEqual(["ml-100k"]);
    const { latest } = run;
    expect(latest["test.auc/none"]).toBeCloseTo(0.751, 12);
    expect(latest["test.auc/profile"]).toBeCloseTo(0.755, 12);
    expect(latest["test.auc difference/profile"]).toBeCloseTo(0.004, 12);
    expect(latest["cells.finished"]).toBe(4);
    expect(Object.keys(run.artifacts)).toEqual(
      expect.arrayContaining([
        ...["report.html", "comparison.tex", "comparison.json"],
        ...["figures/curve-valid.auc.png", "figures/difference-test.auc.png", "figures/graph.png"],
      ]),
    );
    expect(run.tags["mlflow.note.content"]).toMatch(/^See \[the cells.*\n\n\*\*What was found/);
    const view = tags[`mlflow.sharedViewState.r4ec-${rig.started.sweep}`]!;
    expect(JSON.parse(view)).toMatchObject({ orderByKey: "metrics.`test.auc`", orderByAsc: false });
  });

  test("the cells are a flat table, the best first, with what varies as columns", async () => {
    expect(told.cellsUrl).toBe(said);
    await look(said, async (page) => {
      await expect.poll(() => namesIn(page), patient).toEqual(NAMES);
      const heads = await page.locator("[role=columnheader]").allInnerTexts();
      for (const head of ["variant", "seed", "test.auc", "Duration"])
        expect(heads.map((text) => text.trim())).toContain(head);
      expect(await page.getByText("Traces 0").count()).toBe(0);
    });
  });

  test("the stages that paid are a table of their own, with requests, tokens and money as columns", async () => {
    expect(sweepRun().latest).toMatchObject({ "cost.requests": 30, "cost.usd": 0.0207 });
    const note = sweepRun().tags["mlflow.note.content"]!;
    const address = /the stages that paid\]\(([^)]+)\)/.exec(note)![1]!;
    await look(`${server.url}/${address}`, async (page) => {
      const stages = page.locator("a[href*='/runs/']", { hasText: "dataset ml-100k" });
      await stages.first().waitFor(patient);
      expect(await namesIn(page)).toEqual([]);
      const heads = await page.locator("[role=columnheader]").allInnerTexts();
      for (const name of Object.keys(PAID))
        expect(heads.map((text) => text.trim())).toContain(name);
      const row = await page.locator("[role=gridcell]").allInnerTexts();
      expect(row.map((text) => text.trim())).toEqual(expect.arrayContaining(["30", "6760", "900"]));
    });
  });

  test("the charts begin with what is compared, then show training", async () => {
    await look(`${said}&compareRunsMode=CHART`, async (page) => {
      const heads = page.locator("[data-testid='experiment-view-compare-runs-card-drag-handle']");
      await expect.poll(() => heads.count(), patient).toBeGreaterThanOrEqual(3);
      const text = await page.locator("body").innerText();
      const places = ["Results", "test.auc", "Training", "valid.auc", "train.loss"].map((word) =>
        text.lastIndexOf(word),
      );
      expect(places.every((place) => place >= 0)).toBe(true);
      expect(text.indexOf("Results")).toBeLessThan(text.indexOf("Training"));
      expect(text).not.toContain("best_epoch");
    });
  });

  test("the sweep's page tells the finding and leads to the cells and the report", async () => {
    const address = told.runUrl!;
    await look(address, async (page) => {
      await page.getByText("What was found").waitFor(patient);
      await expect
        .poll(async () => (await namesIn(page)).sort(), patient)
        .toEqual([...NAMES].sort());
      const link = page.getByRole("link", { name: "the cells, the best first" });
      expect(said.endsWith((await link.getAttribute("href"))!)).toBe(true);
    });
    await look(address.replace("?", "/artifacts/report.html?"), async (page) => {
      const frame = page.frameLocator("iframe");
      await frame.getByRole("heading", { name: "What was found" }).waitFor(patient);
      expect(await frame.locator("svg[role]").count()).toBeGreaterThanOrEqual(4);
    });
  });

  test("four cells are compared side by side under their names", async () => {
    const cells = runs.filter((run) => kindOf(run) === "cell");
    const ids = JSON.stringify(cells.map(({ id }) => id));
    const experiment = /experiments\/(\d+)/.exec(said)![1]!;
    const query = `runs=${ids}&experiments=${JSON.stringify([experiment])}`;
    await look(`${server.url}/#/compare-runs?${query}`, async (page) => {
      await page.getByText("Comparing 4 Runs").waitFor(patient);
      for (const name of NAMES)
        await page.getByText(name, { exact: true }).first().waitFor(patient);
    });
  });
});
