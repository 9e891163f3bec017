import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/json.js";
import type { StageTask } from "../../src/runner.js";
import type { Fingerprint } from "../../src/fingerprint.js";
import { ctrProgram } from "../../runners/ctr/program.js";

/** What a process trains, and where. */
export interface PeakWork {
  readonly params: JsonObject;
  readonly execution: JsonObject;
  readonly inputs: { readonly [name: string]: string };
  readonly folder: string;
}

/**
 * One process of the memory benchmark: trains a cell as a worker does, then prints the most memory it
 * ever held, in bytes, and the seconds it took.
 */
const work = JSON.parse(process.argv[2]!) as PeakWork;
const started = performance.now();
const [out, own] = ["out", "work"].map((name) => join(work.folder, name)) as [string, string];
for (const folder of [out, own]) mkdirSync(folder, { recursive: true });
const task: StageTask = {
  fingerprint: "0".repeat(64) as Fingerprint,
  label: "one cell",
  params: work.params,
  execution: work.execution,
  inputs: work.inputs,
  files: {},
  out,
  work: own,
  resources: { gpus: [], threads: availableParallelism() },
  toolchain: { llmEnvironment: null },
  stop: { draining: false, onDrain: () => undefined, abort: new AbortController().signal },
  emit: () => undefined,
  publish: async () => undefined,
  fail: async ({ message }) => {
    throw new Error(message);
  },
};
await ctrProgram.run([task]);
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ bytes: process.resourceUsage().maxRSS * 1024, seconds }));
