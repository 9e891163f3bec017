import { mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { PythonTask } from "../../../../runners/base/python/environment.js";
import { ProgramFailure } from "../../../../runners/base/python/failure.js";
import type { ProcessTree } from "../../../../runners/base/python/run.js";
import {
  endLeftProcesses,
  processesOfStage,
  runProgram,
  startProgram,
} from "../../../../runners/base/python/run.js";
import { FakeTask } from "../../../support/fake-task.js";
import { newFolder, removeFolders } from "../../../support/stage.js";

// An environment that holds Python alone, so that the test needs no toolchain.
let environment: string;
beforeAll(async () => {
  environment = await newFolder();
  await mkdir(path.join(environment, "bin"));
  const { stdout: python } = await execa("python3", ["-c", "import sys; print(sys.executable)"]);
  await symlink(python, path.join(environment, "bin", "python"));
});

const tasks: FakeTask[] = [];
const running = () => tasks.flatMap((task) => processesOfStage(task));
afterEach(async () => {
  for (const task of tasks.splice(0)) await endLeftProcesses(task);
});
afterAll(removeFolders);

async function newTask(): Promise<FakeTask> {
  const work = await newFolder();
  const toolchain = { environments: { llm: environment } };
  const task = new FakeTask({ params: {}, execution: {}, out: work, work, toolchain });
  tasks.push(task);
  return task;
}

/** Starts a child in a session of its own, as torchrun does. */
const CHILD = `
import signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
`;
/** Does not heed SIGTERM. */
const STUBBORN = `${CHILD}
signal.signal(signal.SIGTERM, lambda *_: None)
print("up", flush=True)
time.sleep(600)
`;

const program = (task: PythonTask, source: string, onLine?: (line: string) => void) => ({
  program: "python",
  arguments: ["-c", source],
  folder: task.work,
  ...(onLine === undefined ? {} : { onLine }),
});

/** A program that runs and will not heed SIGTERM. */
const startStubborn = (task: PythonTask): Promise<ProcessTree> =>
  new Promise((resolve, reject) => {
    const tree = startProgram(
      task,
      program(task, STUBBORN, () => void tree.then(resolve)),
    );
    tree.catch(reject);
  });

it("gives lines as they come, keeps the output, and tells how it ended", async () => {
  const task = await newTask();
  const lines: string[] = [];
  const source =
    "import os, sys; print('één'); print(os.environ['OMP_NUM_THREADS']); sys.exit('bad')";
  const end = await runProgram(task, {
    ...program(task, source, (line) => lines.push(line)),
    log: "own",
  });
  expect(lines).toEqual(["één", "1"]);
  expect(end).toMatchObject({ exitCode: 1, signal: null, stopped: false });
  expect(new ProgramFailure("it", end).message).toBe("it failed (exit status 1): bad");
  expect(await readFile(path.join(task.work, "own.stdout.log"), "utf8")).toBe("één\n1\n");
  expect(await readFile(path.join(task.work, "own.stderr.log"), "utf8")).toBe("bad\n");
});

it("ends what its program has started, also in sessions of their own", async () => {
  const task = await newTask();
  const end = await runProgram(task, program(task, CHILD));
  expect(end.exitCode).toBe(0);
  expect(running()).toEqual([]);
});

it("stops the whole tree when the stage is to stop", { timeout: 30_000 }, async () => {
  const task = await newTask();
  const source = `${CHILD}\nprint("up", flush=True)\ntime.sleep(600)`;
  const ended = await runProgram(task, program(task, source, task.drain));
  expect(ended).toMatchObject({ stopped: true, signal: "SIGTERM" });
  expect(running()).toEqual([]);
});

it("kills after the grace what does not heed SIGTERM", { timeout: 30_000 }, async () => {
  const task = await newTask();
  const tree = await startStubborn(task);
  expect(running()).toHaveLength(2);
  await tree.stop(200);
  expect((await tree.ended).signal).toBe("SIGKILL");
  expect(running()).toEqual([]);
});

it("ends what an earlier attempt left running before it starts", { timeout: 30_000 }, async () => {
  const task = await newTask();
  await startStubborn(task);
  const before = running();
  const end = await runProgram(task, program(task, "print('second')"));
  expect(end.exitCode).toBe(0);
  expect(before).toHaveLength(2);
  expect(running()).toEqual([]);
});

it("leaves the same stage of another store alone", { timeout: 30_000 }, async () => {
  const [task, other] = [await newTask(), await newTask()];
  expect(task.fingerprint).toBe(other.fingerprint);
  const tree = await startStubborn(task);
  const end = await runProgram(other, program(other, CHILD));
  expect([end.exitCode, processesOfStage(other)]).toEqual([0, []]);
  expect(processesOfStage(task)).toHaveLength(2);
  await tree.stop(0);
});

it("says what is missing where there is no environment", async () => {
  const task = { ...(await newTask()), toolchain: { environments: {} } };
  await expect(runProgram(task, program(task, ""))).rejects.toThrow(/run r4ec setup/u);
});
