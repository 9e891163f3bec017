// Sweeps of small real stages for faults: each has a spec, and writes the files that the spec names.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const EXCERPT = fileURLToPath(new URL("../../data/ml-100k", import.meta.url));
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
};

/** A chat endpoint of this machine. @returns its address, and what ends it */
export async function chatEndpoint() {
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const prompt = JSON.parse(body).messages.at(-1).content;
    const content = `A taste of ${prompt.length % 7} kinds.`;
    const answer = {
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
      usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}
