import { setTimeout as sleep } from "node:timers/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import { openSubmissions, stagesOf } from "./orders.js";
import type { JobSeen } from "./queue.js";
import { QueueSilent } from "./queue.js";
import { queueNamed } from "./queues.js";

/** A job that waits or runs, whatever became of its controller. */
export interface QueuedJob {
  readonly id: string;
  /** The cluster's own words: `PENDING (Priority)`. */
  readonly words: string;
  readonly system: string;
  readonly stages: readonly Fingerprint[];
}

/**
 * The jobs of a sweep that are in the queue now. Rejects with a {@link QueueSilent} where the cluster does
 * not answer, and with a UserError where this machine has no commands of the cluster.
 */
export async function queuedJobs(sweepFolder: string): Promise<readonly QueuedJob[]> {
  const submissions = await openSubmissions(sweepFolder);
  const systems = new Set(submissions.map(({ order }) => order.system));
  const seen = new Map<string, JobSeen>();
  for (const system of systems) {
    const name = submissions.find(({ order }) => order.system === system)!.order.name;
    // The names of all jobs of a sweep differ in their last two parts alone.
    for (const job of await queueNamed(system).look(name.replace(/\d+-\w+$/, ""))) {
      if (typeof job.state !== "object") seen.set(`${job.name}/${job.task}`, job);
    }
  }
  return submissions.flatMap(({ order }) =>
    order.tasks.flatMap((task, number) => {
      const job = seen.get(`${order.name}/${number}`);
      if (job === undefined) return [];
      const stages = stagesOf({ tasks: [task] }).map((one) => one.order.record.fingerprint);
      const id = queueNamed(order.system).taskId(job.id, number, order.tasks.length);
      return [{ id, words: job.words, system: order.system, stages }];
    }),
  );
}

/** Takes a sweep's jobs out of the queue, and waits until they are. Gives how many there were. */
export async function cancelJobs(sweepFolder: string, how: "drain" | "now"): Promise<number> {
  const jobs = await queuedJobs(sweepFolder);
  for (const system of new Set(jobs.map((job) => job.system))) {
    const ids = jobs.filter((job) => job.system === system).map(({ id }) => id);
    await queueNamed(system).cancel(ids, how);
  }
  const isEmpty = async (): Promise<boolean> =>
    queuedJobs(sweepFolder).then(
      (left) => left.length === 0,
      (error: unknown) => {
        if (error instanceof QueueSilent) return false;
        throw error;
      },
    );
  while (jobs.length > 0 && !(await isEmpty())) await sleep(500);
  return jobs.length;
}
