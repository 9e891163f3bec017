import { program } from "../../runners/stages/ctr/program.js";
import type { CtrExecution, CtrParams } from "../../runners/stages/ctr/settings.js";
import { taskOf } from "../task.js";

/** What a process trains, and where. */
export interface PeakWork {
  readonly params: CtrParams;
  readonly execution: CtrExecution;
  readonly inputs: { readonly [name: string]: string };
  readonly folder: string;
}

/**
 * One process of the memory benchmark: trains a cell as a worker does, then prints the most memory it
 * ever held, in bytes, and the seconds it took.
 */
const work = JSON.parse(process.argv[2]!) as PeakWork;
const started = performance.now();
const task = taskOf({ label: "one cell", ...work }, work.folder);
await program.run([task]);
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ bytes: process.resourceUsage().maxRSS * 1024, seconds }));
