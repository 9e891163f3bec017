// Real stages under faults: runs a sweep of small real stages in processes of its own, each time with one fault
// at one operation that changes the store, then once more without it, and tells what was not as it must be.
//
//   node test/support/faults/real.mjs [--sample NUMBER --seed NUMBER] [--suite NAME ...] [--jobs NUMBER]
//     [--minutes NUMBER] [--write]
//
// --sample: so many cases of each suite. Without it: every operation of the controller and of the workers, and every fault: many hours of one
// core. --jobs: so many processes share the cases. --minutes: no case begins after so many. --write puts the
// result into docs/faults.md. The last line of the output is JSON: {stages, operations, cases, possible,
// late, failures}; late: --minutes were over before the last case.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { complaints, linesOf, summaryOf } from "./expectations.mjs";
import { canBefall } from "./disk.mjs";
import { write } from "./result.mjs";
import { serve } from "./chat.mjs";
import { SUITES } from "./suites.mjs";

const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    suite: { type: "string", multiple: true, default: Object.keys(SUITES) },
    jobs: { type: "string", default: "1" },
    minutes: { type: "string", default: "Infinity" },
    write: { type: "boolean", default: false },
    // Of a process that another one started: its cases are those whose number leaves this rest.
    rest: { type: "string" },
  },
});
const jobs = Number(values.jobs);
if (jobs > 1 && values.rest === undefined) {
  await share();
  process.exit();
}
const began = performance.now();
const isLate = () => performance.now() - began > Number(values.minutes) * 60_000;
const isMine = (at) => values.rest === undefined || at % jobs === Number(values.rest);
const FAULTS = ["kill", "ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"];
const project = fileURLToPath(new URL("../../../", import.meta.url));
const endpoint = await serve(0);
const parent = fs.mkdtempSync(path.join(os.tmpdir(), "r4ec-real-faults-"));

/** The folder of the suite at hand, and what lies in it. */
let folder = "";
let root = "";
let fired = "";

/** Has several processes do the cases, and puts their results together. */
async function share() {
  const of = async (rest) => {
    const args = [...process.argv.slice(2).filter((one) => one !== "--write"), "--rest", `${rest}`];
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    await new Promise((resolve) => child.on("close", resolve));
    const line = said.trimEnd().split("\n").at(-1);
    if (!line.startsWith("{")) throw new Error(`process ${rest} gave no result`);
    return JSON.parse(line);
  };
  const parts = await Promise.all(Array.from({ length: jobs }, (_, rest) => of(rest)));
  const failures = parts.flatMap((part) => part.failures);
  const cases = parts.reduce((sum, part) => sum + part.cases, 0);
  finish({ ...parts[0], cases, late: parts.some(({ late }) => late), failures });
}

function finish(result) {
  if (values.write) write(result, values);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.failures.length === 0 ? 0 : 1;
}

/** Makes the folder of a suite, with its spec. */
async function open(suite) {
  folder = path.join(parent, suite);
  root = path.join(folder, "store");
  fired = path.join(folder, "fired");
  fs.mkdirSync(folder);
  await SUITES[suite].prepare(folder);
  fs.writeFileSync(path.join(folder, "faults.yaml"), SUITES[suite].spec(endpoint.address));
}

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

const next = draws(Number(values.seed));
const result = {
  stages: [],
  operations: { controller: 0, worker: 0 },
  cases: 0,
  possible: 0,
  late: false,
};
const failures = [];
for (const suite of values.suite) {
  await open(suite);
  fresh();
  const whole = await sweep({ role: null, fault: null, nth: 0, fired });
  if (whole.code !== 0)
    throw new Error(`without a fault ${suite} ends with ${whole.code}:\n${whole.stderr}`);
  const expected = summaryOf(root);
  const all = [];
  for (const role of ["controller", "worker"]) {
    const counts = fs.readFileSync(path.join(folder, `counts.${role}`), "utf8");
    const kinds = counts.trim().split(" ");
    result.operations[role] += kinds.length;
    for (const fault of FAULTS) {
      const number = kinds.filter((kind) => canBefall(kind, fault)).length;
      for (let nth = 1; nth <= number; nth++) all.push({ role, fault, nth, fired });
    }
  }
  const wanted = values.sample === undefined ? all.length : Number(values.sample);
  let befell = 0;
  for (let at = 0; at < wanted; at++) {
    const order = values.sample === undefined ? all[at] : all[Math.floor(next() * all.length)];
    if (!isMine(at)) continue;
    if (isLate()) {
      result.late = true;
      break;
    }
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
    if (wrong.length > 0) failures.push({ suite, fault, role, nth, wrong, first, second });
    process.stderr.write(
      `${suite} ${at + 1} of ${wanted}: ${role} ${fault} ${nth}: ${wrong.join("; ") || "ok"}\n`,
    );
  }
  result.stages.push(...Object.keys(expected.stages));
  result.cases += befell;
  result.possible += all.length;
}
endpoint.close();
fs.rmSync(parent, { recursive: true, force: true });
result.stages = [...new Set(result.stages)].sort();
finish({ ...result, failures });
