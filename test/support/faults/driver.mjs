// Runs the real command line over the toy science many times in this process, each time with a fault at the
// next operation that changes the disk, then once more without a fault, and tells what was not as it must be.
// The controller runs here, its workers in threads; a killed one is left where it stands, its world frozen.
//
//   node driver.mjs '{"program": FOLDER, "faults": ["kill"], "part": 0, "parts": 1}'
//
// The last line of its output is JSON: {cases, operations, ends, failures}.

import { AsyncLocalStorage } from "node:async_hooks";
import childProcess from "node:child_process";
import { EventEmitter } from "node:events";
import realFs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { count, fired, isDead, judge, newCounter } from "./counter.mjs";
import { installDisk } from "./disk.mjs";
import { complaints, linesOf, summaryOf } from "./expectations.mjs";

const fs = { ...realFs };
const MEMORY = "/dev/shm";
/** Whether this process may write into a file system in memory, with room for many such stores. */
function inMemory() {
  try {
    fs.accessSync(MEMORY, fs.constants.W_OK);
    const { bavail, bsize } = fs.statfsSync(MEMORY);
    return bavail * bsize > 2 ** 25;
  } catch {
    return false;
  }
}
const { program, faults, part, parts } = JSON.parse(process.argv[2]);
// In memory where there is room: a real disk's syncs would take most of the time.
const folder = fs.mkdtempSync(path.join(inMemory() ? MEMORY : os.tmpdir(), "r4ec-faults-"));
const root = path.join(folder, "store");
const toy = path.join(folder, "toy");
const spec = path.join(folder, "spec.yaml");
fs.mkdirSync(toy);
fs.writeFileSync(
  spec,
  "name: toy\nresources: {cpus: 1}\nretries: {wait: 0}\nsweep:\n  grid: {toy.model: [a]}\n",
);
// No PATH: no process is started, which would cost more than the sweep.
const environment = {
  PATH: "",
  TOY: toy,
  R4EC_STORE: root,
  R4EC_MLFLOW_URI: "off",
  R4EC_GPUS: "none",
};
Object.assign(process.env, environment, { HOME: folder, XDG_CONFIG_HOME: folder });
process.chdir(folder);

/** The run that an operation belongs to. */
const running = new AsyncLocalStorage();

await installDisk(
  root,
  (kind) => {
    const run = running.getStore();
    return run === undefined ? null : judge(run.counter, run.order, 1, kind);
  },
  () => running.getStore().die(),
);

/** A worker as `fork` would give it. */
childProcess.fork = (entry, argv, options) => {
  const run = running.getStore();
  const child = new EventEmitter();
  const thread = new Worker(fileURLToPath(new URL("./worker-thread.mjs", import.meta.url)), {
    workerData: { entry: entry.href, root, counter: run.counter, order: run.order },
    argv,
    env: options.env,
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  Object.assign(child, { pid: process.pid, connected: true });
  child.stdout = new PassThrough();
  child.stderr = new PassThrough();
  thread.stdout.pipe(child.stdout);
  thread.stderr.pipe(child.stderr);
  child.send = (message, done) => {
    if (!isDead(run.counter)) thread.postMessage(message);
    done?.(null);
  };
  let signal = null;
  child.kill = (name) => {
    signal = name;
    void thread.terminate();
  };
  thread.on("message", (message) => {
    if (message.type === "killed") run.die();
    else if (!isDead(run.counter)) child.emit("message", message);
  });
  thread.on("error", (error) => child.stderr.write(`${error.stack}\n`));
  run.threads.push(
    new Promise((resolve) =>
      thread.on("exit", (code) => {
        child.connected = false;
        if (!isDead(run.counter)) {
          child.emit("exit", signal === null ? code : null, signal);
          child.emit("close", signal === null ? code : null, signal);
        }
        resolve();
      }),
    ),
  );
  run.terminate.push(() => thread.terminate());
  return child;
};
syncBuiltinESMExports();

const { runProgram } = await import(pathToFileURL(path.join(program, "src/program.js")).href);
const scienceModule = pathToFileURL(path.join(program, "test/support/toy/science.js")).href;
const { science } = await import(scienceModule);

const stray = [];
process.on("unhandledRejection", (error) => {
  const run = running.getStore();
  if (error?.message === "this process was killed" || (run !== undefined && isDead(run.counter)))
    return;
  stray.push(error?.stack ?? String(error));
});
process.exit = (code) => running.getStore()?.exit(code);
const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));

/** Runs `sweep` once; gives how it ended, `killed` where the fault was a kill. */
async function sweep(order) {
  let ended;
  const end = new Promise((resolve) => (ended = resolve));
  const counter = newCounter();
  const said = { stdout: "", stderr: "" };
  const run = {
    counter,
    order,
    threads: [],
    terminate: [],
    exit: (code) => ended(code),
    die: () => {
      for (const terminate of run.terminate) void terminate();
      ended("killed");
    },
  };
  for (const { stream } of streams) {
    stream.removeAllListeners("error");
    const name = stream === process.stdout ? "stdout" : "stderr";
    stream.write = (chunk, ...rest) => {
      if (!isDead(counter)) said[name] += chunk;
      rest.findLast((one) => typeof one === "function")?.();
      return true;
    };
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
  const late = setTimeout(() => ended("hangs"), 60_000);
  running.run(run, () => {
    runProgram(["sweep", spec], { science, scienceModule }).catch((error) => {
      said.stderr += error.stack;
      ended("threw");
    });
  });
  const code = await end;
  clearTimeout(late);
  if (code === "hangs") for (const terminate of run.terminate) void terminate();
  await Promise.all(run.threads);
  for (const { stream, write } of streams) stream.write = write;
  return { code, ...said, fired: fired(counter), operations: count(counter) };
}

/** What this process held is held by a dead one now, as it would be after a real end. */
function forgetProcess() {
  const start = fs.readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[19];
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) continue;
    if (/(?:^|\/)(?:locks\/[^/]+|lock)$|\.break$/.test(file)) {
      const text = fs.readFileSync(file, "utf8");
      fs.writeFileSync(file, text.replace(`"start":"${start}"`, '"start":"1"'));
    }
    if (entry.name.endsWith(".draft"))
      fs.renameSync(file, file.replace(`${process.pid}-${start}-`, `${process.pid}-1-`));
  }
}

const fresh = () => {
  fs.rmSync(root, { recursive: true, force: true });
  fs.rmSync(path.join(toy, "log"), { force: true });
};

const nothing = { fault: "kill", nth: -1 };
fresh();
await sweep(nothing);
const expected = summaryOf(root);

let cases = 0;
const operations = {};
const ends = {};
const failures = [];
for (const fault of faults) {
  for (let nth = 1 + part; ; nth += parts) {
    fresh();
    const first = await sweep({ fault, nth });
    if (!first.fired) break;
    cases += 1;
    const end = `${fault} ${first.code}`;
    ends[end] = (ends[end] ?? 0) + 1;
    operations[fault] = nth;
    if (fs.existsSync(root)) forgetProcess();
    const committed = summaryOf(root).stages;
    fs.rmSync(path.join(toy, "log"), { force: true });
    const second = await sweep(nothing);
    const log = linesOf(path.join(toy, "log"));
    const startedAgain = (label) => log.includes(`start ${label.split(" ")[1]}`);
    const wrong = complaints({ fault, first, second, committed, root, expected, startedAgain });
    if (stray.length > 0) wrong.push(`unhandled: ${stray.splice(0).join("; ")}`);
    if (wrong.length > 0) failures.push({ fault, nth, wrong, first, second });
    if (failures.length >= 20) break;
  }
}
fs.rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ cases, operations, ends, failures })}\n`);
process.reallyExit(0);
