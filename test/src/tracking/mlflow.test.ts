import { readSweep } from "../../../src/journal/index.js";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Store } from "../../../src/store/index.js";
import type { Json } from "../../../src/base/json.js";
import type { ReadRun } from "./support.js";
import { GRID, kindOf, PAIR, readBack, Rig, smallSweep, mlflowForTests } from "./support.js";

const server = mlflowForTests();

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a sweep in MLflow, read back by MLflow's own client", () => {
  let rig: Rig;
  let runs: ReadRun[];
  const of = (kind: string): ReadRun[] => runs.filter((run) => kindOf(run) === kind);

  beforeAll(async () => {
    rig = await Rig.make(smallSweep("read-back", GRID));
    const tracker = rig.tracker(server.url);
    await rig.open([tracker]);
    await rig.runAll();
    await rig.journal.close();
    const summary = await tracker.finish(60_000);
    expect(summary).toMatchObject({ outcome: "complete", problems: [] });
    runs = (await readBack(server.url, "read-back")).runs;
  }, 120_000);

  test("is a parent run, a run per cell and a run per shared stage, all FINISHED", () => {
    expect(runs.map(kindOf).sort()).toEqual(["cell", "cell", "cell", "cell", "stage", "sweep"]);
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "FINISHED"));
    const [parent] = of("sweep");
    for (const run of runs) {
      if (run !== parent) expect(run.tags["mlflow.parentRunId"]).toBe(parent!.id);
      expect(run.end).toBeGreaterThanOrEqual(run.start);
      expect(run.start).toBeGreaterThan(1.7e12);
    }
  });

  test("has the flat settings as params, exactly", () => {
    for (const cell of rig.started.cells) {
      const run = runs.find(({ tags }) => tags["r4ec.cell"] === cell.id)!;
      expect(run.params).toEqual({
        variant: cell.settings["variant"],
        seed: String(cell.settings["seed"]),
        "ctr.learning_rate": "0.001",
        "ctr.mlp": "[200,80]",
      });
    }
  });

  test("has every epoch's metrics at its step, once, and the results", () => {
    for (const [index, cell] of rig.started.cells.entries()) {
      const { metrics, latest } = runs.find(({ tags }) => tags["r4ec.cell"] === cell.id)!;
      expect(metrics["train.loss"]!.map(([step, value]) => [step, value])).toEqual([
        [1, 0.7 - 0.05],
        [2, 0.7 - 0.1],
        [3, 0.7 - 0.05 * 3],
      ]);
      expect(metrics["valid.auc"]).toHaveLength(3);
      expect(metrics["test.auc"]).toHaveLength(1);
      expect(latest["test.auc"]).toBe(0.75 + 0.002 * index);
      // The picked epoch's, beside the curve whose last point is another epoch's.
      expect(latest["result.valid.auc"]).toBe(0.72);
      expect(latest["valid.auc"]).toBe(0.7 + 0.01 * 3 + 0.001 * index);
    }
  });

  test("has tags for fingerprint, code, commit, leak marks, facts and lineage", () => {
    const [stage] = of("stage");
    for (const cell of rig.started.cells) {
      const { tags } = runs.find((run) => run.tags["r4ec.cell"] === cell.id)!;
      expect(tags).toMatchObject({
        "r4ec.fingerprint": cell.stage,
        "r4ec.sweep": rig.started.sweep,
        "r4ec.code_version": "0.1.0",
        "r4ec.git_commit": rig.started.gitCommit,
        "mlflow.source.git.commit": rig.started.gitCommit,
        "r4ec.mark.leak": "epoch picked on test",
        "r4ec.fact.parameters": "12345",
        "r4ec.cached": "false",
        "r4ec.input.dataset": rig.started.stages[0]!.fingerprint,
        "r4ec.input.dataset.run": stage!.id,
      });
    }
    expect(stage!.tags["r4ec.fingerprint"]).toBe(rig.started.stages[0]!.fingerprint);
  });

  test("has the data set as input, with its counts", () => {
    for (const run of of("cell")) {
      expect(run.inputs).toHaveLength(1);
      expect(run.inputs[0]).toMatchObject({
        name: "ml-100k",
        digest: rig.started.stages[0]!.fingerprint.slice(0, 36),
        profile: { users: 943, "train.samples": 70189 },
        tags: { "mlflow.data.context": "training" },
      });
    }
  });

  test("has every file of the artifact, byte for byte, and the resolved spec", async () => {
    const store = new Store(rig.store);
    for (const cell of rig.started.cells) {
      const { artifacts } = runs.find(({ tags }) => tags["r4ec.cell"] === cell.id)!;
      for (const name of ["curves.jsonl", "weights.safetensors", "manifest.json"]) {
        const bytes = await readFile(path.join(store.artifactFolder(cell.stage), name));
        expect(artifacts[name]?.sha256, name).toBe(sha256(bytes));
      }
    }
    const [parent] = of("sweep");
    expect(parent!.artifacts["spec.yaml"]!.text).toBe(rig.started.specText);
    expect(JSON.parse(parent!.artifacts["resolved.json"]!.text!)).toEqual(rig.started.resolved);
    const lineage = JSON.parse(of("cell")[0]!.artifacts["lineage.json"]!.text!) as {
      path: string;
    }[];
    expect(lineage.map((one) => one.path)).toEqual(["", "dataset"]);
  });

  test("ends with the comparison on the sweep's run", () => {
    const [parent] = of("sweep");
    const comparison = JSON.parse(parent!.artifacts["comparison.json"]!.text!) as {
      metrics: { rows: { variants: { mean: number; n: number }[] }[] }[];
    };
    const variants = comparison.metrics[0]!.rows[0]!.variants;
    expect(variants.map(({ n }) => n)).toEqual([2, 2]);
    expect(variants[0]!.mean).toBeCloseTo(0.751, 12);
    expect(variants[1]!.mean).toBeCloseTo(0.755, 12);
    expect(parent!.tags["mlflow.note.content"]).toContain("| none (baseline) |");
  });

  test("run again with everything cached, it says nothing twice", async () => {
    const tracker = rig.tracker(server.url);
    const { state } = await readSweep(rig.folder);
    await rig.open([tracker]);
    await rig.journal.append(rig.started);
    for (const { fingerprint } of rig.started.stages) {
      const result = state!.stages.get(fingerprint)!.result!;
      await rig.journal.append({ type: "stage-cached", stage: fingerprint, result });
    }
    await rig.journal.append({ type: "sweep-finished", outcome: "done", seconds: 0.1 });
    await rig.journal.close();
    expect((await tracker.finish()).outcome).toBe("complete");
    const again = (await readBack(server.url, "read-back")).runs;
    expect(again.map(({ id }) => id).sort()).toEqual(runs.map(({ id }) => id).sort());
    for (const run of again.filter((one) => kindOf(one) !== "sweep")) {
      const before = runs.find(({ id }) => id === run.id)!;
      expect(run).toEqual(before);
    }
  }, 60_000);

  test("in a larger sweep, cached cells get runs of their own, tagged so, and shared stages do not", async () => {
    const other = smallSweep("read-back", [...GRID, { ...GRID[0]!, seed: 3 }]);
    const larger = await Rig.make(other, rig.store);
    const tracker = larger.tracker(server.url);
    await larger.open([tracker]);
    await larger.journal.append(other);
    const cached = other.stages.slice(0, 5);
    for (const { fingerprint } of cached) {
      const result = { metrics: { "test.auc": 0.76, "valid.auc": 0.72 } };
      await larger.journal.append({ type: "stage-cached", stage: fingerprint, result });
    }
    await larger.runCell(other.stages[5]!.fingerprint, 4);
    await larger.journal.append({ type: "sweep-finished", outcome: "done", seconds: 1 });
    await larger.journal.close();
    expect((await tracker.finish()).outcome).toBe("complete");
    const all = (await readBack(server.url, "read-back")).runs;
    expect(all.filter((run) => kindOf(run) === "stage")).toHaveLength(1);
    const mine = all.filter((run) => run.tags["r4ec.sweep"] === other.sweep);
    const cells = mine.filter((run) => kindOf(run) === "cell");
    expect(cells.map((run) => run.tags["r4ec.cached"]).sort()).toEqual([
      "false",
      ...["true", "true", "true", "true"],
    ]);
    const one = cells.find((run) => run.tags["r4ec.cached"] === "true")!;
    expect(one.status).toBe("FINISHED");
    // The curve comes from the artifact, since this sweep's journal does not hold it.
    expect(one.metrics["train.loss"]!.map(([step, value]) => [step, value])).toEqual([[1, 0.65]]);
    expect(one.latest["test.auc"]).toBe(0.76);
    expect(one.tags["r4ec.input.dataset.run"]).toBe(all.find((run) => kindOf(run) === "stage")!.id);
  }, 60_000);
});

test("values that MLflow would drop, cut or refuse all arrive", async () => {
  const long = "long ".repeat(2000);
  const settings: Record<string, Json> = {
    seed: 1,
    prompt: long,
    "odd@key,really": "kept",
    "": "empty",
  };
  for (let index = 0; index < 250; index += 1) settings[`many.${index}`] = index;
  const rig = await Rig.make(smallSweep("hard-values", [settings]));
  const tracker = rig.tracker(server.url);
  await rig.open([tracker]);
  await rig.journal.append(rig.started);
  const stage = rig.started.stages[1]!.fingerprint;
  await rig.begin(stage);
  const append = (step: number, values: Record<string, number>): Promise<unknown> =>
    rig.journal.append({ type: "stage-metrics", stage, step, values });
  await Promise.all([
    append(1, { before: 1, "recall@10": 0.5, diverged: NaN }),
    ...Array.from({ length: 2500 }, (_, step) => append(step, { curve: step / 3, other: -step })),
    append(7, { after: 2 }),
  ]);
  await rig.journal.append({ type: "stage-facts", stage, values: { text: "y".repeat(9000) } });
  await rig.artifact(stage, { "a file & so on #1.txt": "ü\n" });
  const result = { metrics: { "test.auc": 0.5, huge: 1e300, tiny: 5e-324, zero: -0 } };
  await rig.journal.append({ type: "stage-finished", stage, seconds: 1, result });
  await rig.journal.append({ type: "sweep-finished", outcome: "done", seconds: 1 });
  await rig.journal.close();
  expect(await tracker.finish(60_000)).toMatchObject({ outcome: "complete", problems: [] });
  const run = (await readBack(server.url, "hard-values")).runs.find(
    (one) => kindOf(one) === "cell",
  )!;
  expect(Object.keys(run.params)).toHaveLength(254);
  expect(run.params["many.249"]).toBe("249");
  expect(run.params["prompt"]).toMatch(/10000 characters in all: artifact long-values\/params\//);
  const texts = Object.entries(run.artifacts).filter(([name]) => name.startsWith("long-values/"));
  expect(texts.map(([, { text }]) => text).sort()).toEqual([long, "y".repeat(9000)].sort());
  expect(Object.values(run.params)).toEqual(expect.arrayContaining(["kept", "empty"]));
  expect(run.metrics["curve"]).toHaveLength(2500);
  expect(run.metrics["curve"]![2499]!.slice(0, 2)).toEqual([2499, 2499 / 3]);
  expect(run.metrics["other"]).toHaveLength(2500);
  expect(run.metrics["after"]!.map(([step, value]) => [step, value])).toEqual([[7, 2]]);
  expect(Object.keys(run.metrics).filter((key) => key.startsWith("recall_10-"))).toHaveLength(1);
  expect(run.metrics["diverged"]!.map(([step, value]) => [step, value])).toEqual([[1, "nan"]]);
  expect(run.latest).toMatchObject({ huge: 1e300, tiny: 5e-324, zero: 0 });
  // MLflow refuses some names; the file is there under a similar one.
  const file = Object.entries(run.artifacts).find(([name]) => name.includes("so on _1.txt"));
  expect(file![1].text).toBe("ü\n");
}, 120_000);

test("a cell that was made again and failed shows no result, and then that it waits", async () => {
  const rig = await Rig.make(smallSweep("made-again", PAIR));
  const cell = rig.started.cells[0]!;
  const seen = async (): Promise<ReadRun> => {
    const { runs } = await readBack(server.url, "made-again");
    return runs.find(({ tags }) => tags["r4ec.cell"] === cell.id)!;
  };
  /** One run of the sweep, told to MLflow to its end. */
  const told = async (run: () => Promise<unknown>): Promise<ReadRun> => {
    const tracker = rig.tracker(server.url);
    await rig.open([tracker]);
    await run();
    await rig.journal.close();
    expect(await tracker.finish(60_000)).toMatchObject({ outcome: "complete", problems: [] });
    return seen();
  };
  const whole = await told(() => rig.runAll());
  expect(whole.latest).toMatchObject({ "test.auc": 0.75, "result.valid.auc": 0.72, best_epoch: 2 });
  expect(whole.tags).toHaveProperty(["r4ec.mark.leak"]);

  // Its artifact was damaged: the next run makes it again, and fails.
  const failed = await told(async () => {
    await rig.journal.append(rig.started);
    await rig.begin(cell.stage, 2);
    const error = { message: "out of memory", kind: "bug" as const };
    await rig.journal.append({ type: "stage-failed", stage: cell.stage, seconds: 1, error });
    await rig.journal.append({ type: "sweep-finished", outcome: "failed", seconds: 1 });
  });
  expect(failed.status).toBe("FAILED");
  expect(failed.latest).toMatchObject({
    ...{ "test.auc": "nan", "result.valid.auc": "nan", best_epoch: "nan" },
    // Its curves stay.
    "valid.auc": whole.latest["valid.auc"],
  });
  expect(failed.tags).not.toHaveProperty(["r4ec.mark.leak"]);

  // A third run stops before it reaches the cell.
  const waiting = await told(async () => {
    await rig.journal.append(rig.started);
    await rig.journal.append({ type: "sweep-finished", outcome: "interrupted", seconds: 1 });
  });
  expect(waiting.status).toBe("SCHEDULED");
  // MLflow cannot clear an end time.
  expect(waiting.end).toBe(failed.end);
  expect(waiting.tags).not.toHaveProperty(["r4ec.error"]);

  // A fourth one makes it.
  const again = await told(() => rig.runAll());
  expect(again.status).toBe("FINISHED");
  expect(again.latest).toMatchObject({ "test.auc": 0.75, "result.valid.auc": 0.72, best_epoch: 2 });
}, 120_000);
