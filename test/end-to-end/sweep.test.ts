import { statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import type { SweepId } from "../../src/base/fingerprint.js";
import { readSweep, sweepFolder } from "../../src/journal/index.js";
import { influenceFile } from "../../src/statistics/cache.js";
import { Store } from "../../src/store/index.js";
import type { Comparison } from "../../src/report/index.js";
import { commandLine, LOCAL_MLFLOW } from "../support/command-line.js";
import { INSTALL_TIMEOUT, testTrackingEnvironment } from "../support/toolchain.js";

let folder: string;
let python: string;

const spec = `
name: end-to-end
dataset: ml-100k
backbone: deepfm
ctr: { batch_size: 512, epochs: 2 }
sweep:
  grid:
    backbone: [deepfm, dcnv2]
    seed: [1, 2]
compare: { baseline: { backbone: deepfm }, metrics: [test.auc, test.logloss] }
`;

/** The real command line, in the folder of the spec, with a store of its own and a local MLflow. */
const r4ec = commandLine(() => folder, LOCAL_MLFLOW);

interface SweepJson {
  readonly sweep: SweepId;
  readonly outcome: string;
  readonly cells: readonly {
    readonly id: string;
    readonly status: string;
    readonly metrics: { readonly [name: string]: number };
  }[];
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-end-to-end-"));
  await writeFile(path.join(folder, "spec.yaml"), spec);
  ({ python } = await testTrackingEnvironment());
}, INSTALL_TIMEOUT);

afterAll(async () => {
  await r4ec("mlflow", "stop");
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe("a small sweep through the real command line and a real MLflow", () => {
  let first: SweepJson;

  it("runs every cell on real data and ends well", { timeout: 600_000 }, async () => {
    const plan = await r4ec("plan", "spec.yaml", "--json");
    const planned = JSON.parse(plan.stdout) as { cells: { id: string }[]; stages: unknown[] };
    expect(planned.cells).toHaveLength(4);
    // One data set for all cells.
    expect(planned.stages).toHaveLength(5);

    const { exitCode, stdout, stderr } = await r4ec("sweep", "spec.yaml", "--json");
    expect(stderr).toContain("5 stages to run, 0 cached");
    expect(exitCode, stderr).toBe(0);
    first = JSON.parse(stdout) as SweepJson;
    expect(first.outcome).toBe("done");
    expect(first.cells.map(({ id }) => id).sort()).toEqual(
      planned.cells.map(({ id }) => id).sort(),
    );
    for (const { metrics } of first.cells) {
      expect(metrics["test.auc"]).toBeGreaterThan(0.7);
      expect(metrics["test.auc"]).toBeLessThan(0.8);
    }
  });

  it("has what its comparison is made from in the store while its last cells still run", async () => {
    const store = path.join(folder, "store");
    const { state } = await readSweep(sweepFolder(store, first.sweep));
    const ended = state!.cells.map(({ stage }) => state!.stages.get(stage)!);
    const last = Math.max(...ended.map(({ endedAt }) => endedAt!));
    const { version } = science.statistics!;
    const files = ended.map(({ record }) =>
      influenceFile(new Store(store), record.fingerprint, version),
    );
    const made = files.flatMap((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? []);
    expect(Math.min(...made)).toBeLessThan(last);
  });

  it("has nothing to do the second time, with the same results", { timeout: 60_000 }, async () => {
    const { exitCode, stdout, stderr } = await r4ec("sweep", "spec.yaml", "--json");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("0 stages to run, 5 cached");
    const second = JSON.parse(stdout) as SweepJson;
    expect(second.cells.map(({ metrics }) => metrics)).toEqual(
      first.cells.map(({ metrics }) => metrics),
    );
  });

  it("stands in MLflow as its own Python client reads it", { timeout: 120_000 }, async () => {
    const status = await r4ec("mlflow", "status", "--json");
    const { url } = JSON.parse(status.stdout) as { url: string };
    const script = path.join(folder, "read.py");
    await writeFile(
      script,
      `import json, sys
from mlflow.tracking import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("end-to-end")
runs = client.search_runs([experiment.experiment_id])
print(json.dumps([
    {"status": run.info.status, "parent": run.data.tags.get("mlflow.parentRunId"), "auc": run.data.metrics.get("test.auc")}
    for run in runs
]))
`,
    );
    const { stdout } = await execa(python, [script, url]);
    const runs = JSON.parse(stdout) as {
      status: string;
      parent: string | null;
      auc: number | null;
    }[];
    expect(new Set(runs.map(({ status: state }) => state))).toEqual(new Set(["FINISHED"]));
    const logged = runs.filter(({ auc }) => auc !== null).map(({ auc }) => auc!);
    for (const { metrics } of first.cells) expect(logged).toContain(metrics["test.auc"]);
    expect(runs.filter(({ parent }) => parent === null).length).toBeGreaterThanOrEqual(1);
  });

  it("is read by pandas as docs/results.md shows", { timeout: 120_000 }, async () => {
    const file = fileURLToPath(new URL("../../docs/results.md", import.meta.url));
    const text = await readFile(file, "utf8");
    const block = (language: string): string =>
      new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(text)![1]!;
    for (const line of block("sh").split("\n")) {
      const { exitCode, stderr } = await r4ec(...line.split(" ").slice(1));
      expect(exitCode, stderr).toBe(0);
    }
    const script = path.join(folder, "results.py");
    await writeFile(script, block("python"));
    const { stdout } = await execa(python, [script], { cwd: folder });
    const compared = JSON.parse((await r4ec("compare", "--json")).stdout) as Comparison;
    for (const { settings, mean, n } of compared.metrics[0]!.rows[0]!.variants) {
      const line = stdout.split("\n").find((one) => one.startsWith(String(settings["backbone"])))!;
      expect(line.split(/\s+/)[1]).toBe(String(Number(mean!.toFixed(4))));
      expect(line.split(/\s+/)[3]).toBe(String(n));
    }
    const best = first.cells.toSorted(
      (a, b) => b.metrics["valid.auc"]! - a.metrics["valid.auc"]!,
    )[0]!;
    const status = JSON.parse((await r4ec("status", "spec.yaml", "--json")).stdout) as {
      sweeps: { cells: { id: string; name: string }[] }[];
    };
    const { name } = status.sweeps[0]!.cells.find(({ id }) => id === best.id)!;
    expect(stdout).toContain(`best: ${name} with learning rate`);
    // A row for each of the two epochs.
    expect(stdout.split("\n").filter((line) => /^[12] +0\.\d+ +0\.\d+$/.test(line))).toHaveLength(
      2,
    );
  });

  it("has cells that score and log name by their settings", { timeout: 120_000 }, async () => {
    const { cells } = JSON.parse((await r4ec("plan", "spec.yaml", "--json")).stdout) as {
      cells: { id: string; stage: string; settings: { backbone: string; seed: number } }[];
    };
    const { id, stage } = cells.find(
      ({ settings: { backbone, seed } }) => backbone === "dcnv2" && seed === 2,
    )!;
    const log = await r4ec("log", "backbone=dcnv2", "seed=2", "--json");
    const { lineage } = JSON.parse(log.stdout) as {
      lineage: { fingerprint: string; runner: string }[];
    };
    expect(lineage.map(({ runner }) => runner)).toEqual(["ctr", "dataset"]);
    expect(lineage[0]!.fingerprint).toBe(stage);
    const scored = await r4ec("score", "backbone=dcnv2", "seed=2", "--split", "valid");
    expect([scored.exitCode, scored.stderr.includes(id)], scored.stderr).toEqual([0, true]);
    expect(scored.stdout.split("\n").length).toBeGreaterThan(100);
    const two = await r4ec("export", "backbone=dcnv2", "saved");
    expect([two.exitCode, two.stderr]).toEqual([2, expect.stringContaining("any of 2 cells")]);
  });

  it(
    "has cells that are made again, in a fresh store, with the same fingerprint and metrics",
    { timeout: 300_000 },
    async () => {
      const call = ["reproduce", "backbone=dcnv2", "seed=2", "--out", "again", "--json"];
      const written = await r4ec(...call);
      expect(JSON.parse(written.stdout), written.stderr).toMatchObject({
        exact: true,
        changed: [],
      });
      const lock = JSON.parse(await readFile(path.join(folder, "again/lock.json"), "utf8")) as {
        toolchain: string[];
        cells: { id: string; stage: string; metrics: { [name: string]: number } }[];
      };
      expect(lock.toolchain).toEqual(["tensorflow"]);
      const swept = await r4ec(
        "sweep",
        "again/spec.yaml",
        "--store",
        "fresh",
        "--mlflow-uri",
        "off",
        "--json",
      );
      expect(swept.exitCode, swept.stderr).toBe(0);
      const [cell, ...others] = (JSON.parse(swept.stdout) as SweepJson).cells;
      expect([cell!.id, others]).toEqual([lock.cells[0]!.id, []]);
      const plan = await r4ec("plan", "again/spec.yaml", "--json");
      expect(JSON.parse(plan.stdout)).toMatchObject({ cells: [{ stage: lock.cells[0]!.stage }] });
      expect(Object.keys(cell!.metrics)).toEqual(Object.keys(lock.cells[0]!.metrics));
      for (const [name, value] of Object.entries(lock.cells[0]!.metrics)) {
        // How fast it went is no result.
        if (name === "samples_per_second") continue;
        expect(cell!.metrics[name], name).toBe(value);
      }
    },
  );

  it("is compared by the mean over its seeds", { timeout: 60_000 }, async () => {
    const { exitCode, stdout } = await r4ec("compare", "--markdown");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/deepfm/);
    expect(stdout).toMatch(/dcnv2/);
    expect(stdout).toMatch(/±/);
  });
});

it("quickstart is the experiment of that name, and would run 19 cells", async () => {
  const { exitCode, stdout } = await r4ec("quickstart", "--dry-run", "--json");
  expect(exitCode).toBe(0);
  const plan = JSON.parse(stdout) as { cells: { settings: Record<string, unknown> }[] };
  expect(plan.cells).toHaveLength(19);
  const file = fileURLToPath(new URL("../../experiments/quickstart.yaml", import.meta.url));
  expect(await readFile(file, "utf8")).toContain("name: quickstart");
});
