import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { small, writeDataset } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

vi.setConfig({ testTimeout: 240_000 });

const worker = fileURLToPath(new URL("support/ctr-worker.mjs", import.meta.url));
const program = new URL("../../../../../dist/runners/stages/ctr/program.js", import.meta.url).href;
const scratch = new Scratch();
const dataset = join(scratch.path, "dataset");

beforeAll(() => writeDataset(dataset, small));
afterAll(() => scratch.remove());

const epochs = 6;

const taskOf = (work: string): TestTask =>
  new TestTask(
    stageOf({
      backbone: "din",
      ctr: { fuse: "off", batch_size: 128, epochs, patience: epochs, dropout: 0.2 },
    }),
    { dataset },
    scratch.folder(),
    work,
  );

/** Runs a task in a process of its own; returns the signal that ended it. */
async function run(task: TestTask, killAt?: number): Promise<string | undefined> {
  const { fingerprint, label, params, execution, inputs, files, out, work } = task;
  const { resources, toolchain } = task;
  const given = { fingerprint, label, params, execution, inputs, files, out, work };
  const tasks = JSON.stringify([{ ...given, resources, toolchain }]);
  const more = killAt === undefined ? [] : [String(killAt)];
  const ended = await execa(process.execPath, [worker, program, tasks, ...more], { reject: false });
  if (ended.signal === undefined)
    expect([ended.exitCode, ended.stderr]).toEqual([0, expect.anything()]);
  // Another signal is a crash, of which only its last words tell.
  else if (ended.signal !== "SIGKILL") throw new Error(`${ended.signal}: ${ended.stderr}`);
  return ended.signal;
}

const checkpoint = "checkpoint.safetensors";

describe("kill -9 while a cell trains", () => {
  it("between an epoch's end and its metrics, time after time, changes no byte", async () => {
    const whole = taskOf(scratch.folder());
    expect(await run(whole)).toBeUndefined();
    const work = scratch.folder();
    // Progress says that an epoch is over before its metrics are there.
    for (const epoch of [2, 4, 5]) expect(await run(taskOf(work), epoch)).toBe("SIGKILL");
    expect(existsSync(join(work, checkpoint))).toBe(true);
    // In the middle of the epoch that trains while the metrics of the one before are made.
    expect(await run(taskOf(work), 5.01)).toBe("SIGKILL");
    const resumed = taskOf(work);
    expect(await run(resumed)).toBeUndefined();
    for (const file of ["curves.jsonl", "predictions.npy", "weights.safetensors"]) {
      const bytes = readFileSync(join(resumed.out, file));
      expect(bytes.equals(readFileSync(join(whole.out, file)))).toBe(true);
    }
  });
});
