// Sweeps of small real stages for faults: each has a spec, and writes the files that the spec names.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const EXCERPT = fileURLToPath(new URL("../../data/ml-100k", import.meta.url));
const CHAT = fileURLToPath(new URL("chat.mjs", import.meta.url));
const TINY_MODEL = fileURLToPath(new URL("../tiny_qwen2.py", import.meta.url));
const PROMPTS = fileURLToPath(new URL("../../../prompts", import.meta.url));
const USERS = 30;
const ITEMS = 20;

const spec = (text) => `${text}resources: { cpus: 1 }\nretries: { wait: 0 }\n`;
const copyExcerpt = (folder) =>
  fs.cpSync(EXCERPT, path.join(folder, "ml-100k"), { recursive: true });

/** Made-up ratings in ml-100k's layout: enough users for a split by users. */
function writeRatings(folder) {
  const lines = [];
  for (let user = 1; user <= USERS; user++) {
    for (let position = 0; position < ITEMS; position++) {
      const item = (((position + 1) * 7 + user * 3) % ITEMS) + 1;
      const rating = (user * item) % 3 === 0 ? 1 : 5;
      lines.push([user, item, rating, 900_000_000 + (position + 1) * 86_400].join("\t"));
    }
  }
  const flags = ["0|1", ...Array(17).fill("0")].join("|");
  const items = Array.from(
    { length: ITEMS },
    (_, item) => `${item + 1}|Title ${item + 1} (1995)|01-Jan-1995|||${flags}`,
  );
  fs.writeFileSync(path.join(folder, "u.data"), `${lines.join("\n")}\n`);
  fs.writeFileSync(path.join(folder, "u.item"), `${items.join("\n")}\n`);
}

/** One's own vectors in JSON Lines. */
const vectors = (count) =>
  Array.from({ length: count }, (_, at) => `{"id":"${at + 1}","vector":[${at % 5},1,${at % 3}]}\n`);

/** A tiny model of random weights, made in the LLM environment. */
async function writeTinyModel(folder) {
  const compiled = (file) => import(new URL(`../../../dist/${file}`, import.meta.url).href);
  const { ensure } = await compiled("src/toolchain/index.js");
  const { science } = await compiled("runners/registry.js");
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  const toolchain = process.env.R4EC_TOOLCHAIN || path.join(cache, "r4ec");
  const config = { toolchain: { value: toolchain }, offline: { value: false } };
  const ready = await ensure(["llm"], science.environments, config, () => undefined);
  if (!ready.ok) throw ready.error;
  const texts = fs.readdirSync(PROMPTS).filter((name) => name.endsWith(".txt"));
  execFileSync(
    path.join(ready.value.paths.environments.llm, "bin", "python"),
    [TINY_MODEL, folder, ...texts.map((name) => path.join(PROMPTS, name))],
    { stdio: "ignore", env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" } },
  );
}

/**
 * `prepare` writes what the spec needs into the folder of the spec; `server` is the address of a chat endpoint
 * whose answers follow from the prompts.
 */
export const SUITES = {
  models: {
    prepare: copyExcerpt,
    spec: () =>
      spec(`name: faults
dataset: { id: ml-100k, path: ml-100k }
knowledge: { variant: profile, embed: { engine: encoder, center: true }, control: shuffled }
ctr: { epochs: 1, batch_size: 16 }
sweep: { grid: { backbone: [din, bias] } }
`),
  },
  people: {
    prepare: (folder) => {
      fs.mkdirSync(path.join(folder, "made-up"));
      writeRatings(path.join(folder, "made-up"));
      fs.writeFileSync(path.join(folder, "users.jsonl"), vectors(USERS).join(""));
      fs.writeFileSync(path.join(folder, "items.jsonl"), vectors(ITEMS).join(""));
    },
    spec: () =>
      spec(`name: faults
dataset: { id: ml-100k, path: made-up, split: { by: users, folds: 3, fold: 1 } }
knowledge: { variant: file, file: { users: users.jsonl, items: items.jsonl } }
ctr: { epochs: 1, batch_size: 64 }
sweep: { grid: { backbone: [deepfm, bias] } }
`),
  },
  language: {
    prepare: copyExcerpt,
    spec: (server) =>
      spec(`name: faults
dataset: { id: ml-100k, path: ml-100k }
knowledge:
  variant: kar
  users: 4
  items: 4
  infer: { engine: endpoint, base_url: "${server}", model: m, api_key_env: null }
  embed: encoder
backbone: deepfm
ctr: { epochs: 1, batch_size: 16 }
`),
  },
  taught: {
    prepare: async (folder) => {
      copyExcerpt(folder);
      await writeTinyModel(path.join(folder, "tiny-qwen2"));
    },
    spec: (server) =>
      spec(`name: faults
dataset: { id: ml-100k, path: ml-100k }
knowledge:
  variant: r4ec
  users: 4
  items: 4
  actor: ./tiny-qwen2
  teacher: { base_url: "${server}", model: m, api_key_env: null, users: 4, items: 4 }
  finetune: { epochs: 1, batch_size: 4, micro_batch_size: 4, cutoff_len: 128, lora_rank: 2, save_steps: 2, validation: 0 }
  infer:
    engine: server
    command: [${process.execPath}, ${CHAT}, "{port}"]
    adapter_arguments: ["{adapter}"]
  embed: encoder
backbone: deepfm
ctr: { epochs: 1, batch_size: 16 }
`),
  },
};
