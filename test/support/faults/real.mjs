// Real stages under faults: runs a sweep of small real stages in processes of its own, each time with one fault
// at one operation that changes the store, then once more without it, and tells what was not as it must be.
//
//   node test/support/faults/real.mjs [--sample NUMBER --seed NUMBER] [--write]
//
// Without --sample: every operation of the controller and of the workers, and every fault: hours. --write puts the
// result into docs/faults.md. The last line of the output is JSON: {stages, operations, cases, failures}.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { complaints, linesOf, summaryOf } from "./expectations.mjs";
import { canBefall } from "./disk.mjs";
import { write } from "./result.mjs";

const project = fileURLToPath(new URL("../../../", import.meta.url));
const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const FAULTS = ["kill", "ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"];
const SPEC = `name: faults
dataset: { id: ml-100k, path: ml-100k }
backbone: din
knowledge: { variant: profile, embed: { engine: encoder, center: true }, control: shuffled }
ctr: { epochs: 1, batch_size: 16 }
resources: { cpus: 1 }
retries: { wait: 0 }
sweep:
  grid: { backbone: [din, bias] }
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "r4ec-real-faults-"));
const root = path.join(folder, "store");
fs.cpSync(path.join(project, "test/data/ml-100k"), path.join(folder, "ml-100k"), {
  recursive: true,
});
fs.writeFileSync(path.join(folder, "faults.yaml"), SPEC);

/** Runs the sweep, with a fault where there is one to order. */
function sweep(order) {
  const preload = new URL("./preload.mjs", import.meta.url).href;
  const fault = {
    R4EC_TEST_FAULT: JSON.stringify({ root, counts: path.join(folder, "counts"), ...order }),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`,
  };
  const child = spawn(
    process.execPath,
    [path.join(project, "bin/r4ec.js"), "sweep", "faults.yaml"],
    {
      cwd: folder,
      env: {
        ...process.env,
        R4EC_STORE: root,
        R4EC_MLFLOW_URI: "off",
        R4EC_GPUS: "none",
        ...(order === null ? {} : fault),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (chunk) => (said[name] += chunk));
  return new Promise((resolve) => {
    child.on("close", (code, signal) =>
      resolve({ code: signal === null ? code : "killed", ...said }),
    );
  });
}

const fired = path.join(folder, "fired");
function fresh() {
  for (const name of [
    root,
    fired,
    ...["controller", "worker"].map((role) => path.join(folder, `counts.${role}`)),
  ])
    fs.rmSync(name, { recursive: true, force: true });
}

/** The labels of stages that the last run of the sweep started. */
function startedLast() {
  const sweeps = path.join(root, "sweeps");
  const [name] = fs.readdirSync(sweeps);
  const entries = linesOf(path.join(sweeps, name, "journal.ndjson")).map(
    (line) => JSON.parse(line).entry.event,
  );
  const last = entries.findLastIndex((event) => event.type === "sweep-started");
  return entries
    .slice(last)
    .filter((event) => event.type === "stage-started")
    .map((event) => event.stage);
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function draws(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

fresh();
const whole = await sweep({ role: null, fault: null, nth: 0, fired });
if (whole.code !== 0)
  throw new Error(`without a fault the sweep ends with ${whole.code}:\n${whole.stderr}`);
const expected = summaryOf(root);
const operations = {};
const all = [];
for (const role of ["controller", "worker"]) {
  const kinds = fs
    .readFileSync(path.join(folder, `counts.${role}`), "utf8")
    .trim()
    .split(" ");
  operations[role] = kinds.length;
  for (const fault of FAULTS) {
    const number = kinds.filter((kind) => canBefall(kind, fault)).length;
    for (let nth = 1; nth <= number; nth++) all.push({ role, fault, nth, fired });
  }
}
const next = draws(Number(values.seed));
const chosen =
  values.sample === undefined
    ? all
    : Array.from({ length: Number(values.sample) }, () => all[Math.floor(next() * all.length)]);

const failures = [];
let befell = 0;
for (const order of chosen) {
  fresh();
  const first = await sweep(order);
  if (!fs.existsSync(fired)) continue;
  befell += 1;
  const committed = summaryOf(root).stages;
  const second = await sweep(null);
  const started = startedLast();
  const startedAgain = (label) => started.includes(committed[label].fingerprint);
  const { fault, role, nth } = order;
  const killedWorker = fault === "kill" && role === "worker";
  const wrong = complaints({
    fault: killedWorker ? "none" : fault,
    ...{ first, second, committed, root, expected, startedAgain },
  });
  if (wrong.length > 0) failures.push({ fault, role, nth, wrong, first, second });
  process.stderr.write(
    `${befell} of ${chosen.length}: ${role} ${fault} ${nth}: ${wrong.join("; ") || "ok"}\n`,
  );
}
fs.rmSync(folder, { recursive: true, force: true });
const stages = Object.keys(expected.stages);
const result = { stages, operations, cases: befell, possible: all.length, failures };
if (values.write) write(result, values);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
