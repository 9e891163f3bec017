import { UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { QueueSilent } from "../execute/cluster/queue.js";
import { queuedJobs } from "../execute/cluster/queued.js";

/**
 * What a cluster's queue says about the stages of a sweep: `job 12_3 PENDING (Priority)`. Where it cannot be
 * asked, a warning says so, and no stage has a state.
 */
export async function queueStates(sweepFolder: string): Promise<ReadonlyMap<Fingerprint, string>> {
  const states = new Map<Fingerprint, string>();
  try {
    for (const { id, words, stages } of await queuedJobs(sweepFolder)) {
      for (const stage of stages) states.set(stage, `job ${id} ${words}`);
    }
  } catch (error) {
    const silent = error instanceof QueueSilent;
    if (!silent && !(error instanceof UserError)) throw error;
    const why = silent ? "the cluster does not answer" : error.message;
    process.stderr.write(`warning: the states of jobs are not known: ${why}\n`);
  }
  return states;
}
