import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentOf } from "../../scripts/slurm.mjs";
import { SlurmLab } from "../support/slurm/lab.js";
import type { ScriptedServer } from "../support/openai-server.js";
import { INSTALL_TIMEOUT } from "../support/toolchain.js";
import { openPipeline, type Bench } from "./support.js";

const COUNT = 8;
const quickstart = fileURLToPath(new URL("../../experiments/quickstart.yaml", import.meta.url));
/** Runners of the stages of the spec below. */
const STAGES = [
  ...["dataset", "teach-think", "teach-review", "finetune", "finetune"],
  ...["think", "reflect", "refine", "embed", "ctr", "ctr"],
];

let slurm: SlurmLab;
let bench: Bench;
let teacher: ScriptedServer;
let python: string;
beforeAll(async () => {
  slurm = await SlurmLab.open();
  ({ bench, teacher, python } = await openPipeline(spec, environmentOf(slurm.folder)));
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await teacher.close();
  await bench.close();
  await slurm.close();
}, 60_000);

// An address where nobody answers: a job that wanted MLflow would not find it.
const spec = (model: string, teacherUrl: string) => `
name: llm-on-slurm
dataset: ml-100k
executor: slurm
slurm:
  gpus: 0
  memory: 4G
  environment: { R4EC_MLFLOW_URI: "http://127.0.0.1:9", MLFLOW_TRACKING_URI: "http://127.0.0.1:9" }
knowledge:
  variant: r4ec
  users: ${COUNT}
  items: ${COUNT}
  actor: ${model}
  teacher: { base_url: "${teacherUrl}", model: scripted, api_key_env: null, users: ${COUNT}, items: ${COUNT} }
  finetune: { epochs: 1, batch_size: 8, micro_batch_size: 8, cutoff_len: 256, lora_rank: 4, validation: 0 }
  infer: { max_new_tokens: 16 }
  embed: encoder
ctr: { batch_size: 4096, epochs: 1 }
sweep: { grid: { backbone: [deepfm], seed: [1, 2] } }
`;

/** States of all jobs that Slurm knows. */
const jobs = async (): Promise<string[]> => {
  const all = ["--noheader", "--states=all", "--array", "--format=%T"];
  return (await slurm.run("squeue", ...all)).trim().split("\n");
};

test(
  "the pipeline of knowledge runs as jobs of Slurm, and MLflow has it from the controller alone",
  { timeout: 900_000 },
  async () => {
    const { exitCode, stdout, stderr } = await bench.r4ec("sweep", "spec.yaml", "--json");
    expect(exitCode, `${stderr.slice(-4000)}\n${stdout.slice(-4000)}`).toBe(0);
    expect(await jobs()).toEqual(Array(STAGES.length).fill("COMPLETED"));
    const { url } = JSON.parse((await bench.r4ec("mlflow", "status", "--json")).stdout) as {
      url: string;
    };
    const script = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
experiment = client.get_experiment_by_name("llm-on-slurm")
print(json.dumps([[run.info.status, run.data.tags.get("r4ec.runner", "").split(" ")[0]]
                  for run in client.search_runs([experiment.experiment_id])]))
`;
    const runs = JSON.parse((await execa(python, ["-c", script, url])).stdout) as [
      string,
      string,
    ][];
    // The sweep's own run has no runner.
    const expected = ["", ...STAGES].map((runner) => ["FINISHED", runner]);
    expect(runs.sort()).toEqual(expected.sort());
  },
);

test("the quickstart runs as jobs of Slurm", { timeout: 900_000 }, async () => {
  const before = (await jobs()).length;
  const quick = ["ctr.epochs=1", "ctr.batch_size=4096"];
  // Its texts are cut: to embed them whole takes most of the time.
  const short = "knowledge.embed={engine: encoder, max_tokens: 8}";
  const few = "sweep.grid={backbone: [din], seed: [1]}";
  const cluster = ["executor=slurm", "slurm.gpus=0", "slurm.memory=2G"];
  const { exitCode, stdout, stderr } = await bench.r4ec(
    "sweep",
    quickstart,
    ...cluster,
    ...quick,
    short,
    few,
  );
  expect(exitCode, `${stderr.slice(-4000)}\n${stdout.slice(-4000)}`).toBe(0);
  expect(stdout).toMatch(/^bias .*n=1/mu);
  expect((await jobs()).length).toBeGreaterThan(before);
  expect(new Set(await jobs())).toEqual(new Set(["COMPLETED"]));
});
