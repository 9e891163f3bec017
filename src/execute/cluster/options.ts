import type { SpecCluster } from "../../spec/index.js";
import type { WorkerArguments } from "../messages.js";
import type { SchedulerOptions } from "../scheduler.js";
import type { Queue } from "./queue.js";

/** What a run on a cluster is given. */
export interface ClusterOptions extends Omit<SchedulerOptions, "executor" | "cards" | "witnessed"> {
  readonly queue: Queue;
  readonly cluster: SpecCluster;
  /** Whether programs that share a card may do so by NVIDIA's MPS. */
  readonly mps: boolean;
  readonly sweepFolder: string;
  readonly serves: WorkerArguments;
  /** Variables of the workers beside the job's own. */
  readonly environment: { readonly [name: string]: string };
}
