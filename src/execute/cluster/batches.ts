import path from "node:path";
import type { Fingerprint } from "../../base/fingerprint.js";
import type { Allotment, Batch } from "./limit.js";
import { allot } from "./limit.js";
import type { LiveTask } from "./live-task.js";
import type { LiveTasks } from "./live-tasks.js";
import type { Pack } from "./pack.js";

/** The job that makes a stage: a batch, and which of its jobs. */
interface Maker {
  readonly batch: Batch;
  readonly task: number;
}

/** Where a pack comes in the queue. */
export interface QueuePlace {
  readonly places: Allotment["places"];
  /** The jobs in the queue now that must have ended before, beside those whose results it needs. */
  readonly behind: () => readonly LiveTask[];
}

/**
 * Finds the places of packs among the jobs that are in the queue.
 *
 * @param packs those that wait for others behind them
 */
export function placesOf(
  limit: number,
  packs: readonly Pack[],
  tasks: LiveTasks,
): readonly QueuePlace[] {
  const makers = new Map<Fingerprint, Maker>();
  const jobs = new Map<Batch, () => readonly LiveTask[]>();
  for (const live of inQueue(tasks)) {
    const batch = batchInQueue(live, limit);
    jobs.set(batch, () => live);
    for (const [task, { open }] of live.entries())
      for (const stage of open) makers.set(stage, { batch, task });
  }
  const fresh = packs.map((pack) => {
    const batch = batchOf(pack, makers);
    const stages = pack.tasks.map((calls) =>
      calls.flatMap((call) => call.stages.map(({ record }) => record.fingerprint)),
    );
    jobs.set(batch, () => [...new Set(stages.flat().flatMap((stage) => tasks.owner(stage) ?? []))]);
    for (const [task, its] of stages.entries())
      for (const stage of its) makers.set(stage, { batch, task });
    return batch;
  });
  const found = allot(limit, [...jobs.keys()]);
  return fresh.map((batch) => {
    const { places, behind } = found.get(batch)!;
    return { places, behind: () => behind.flatMap((one) => jobs.get(one)!()) };
  });
}

/** The jobs that are followed, by their submissions, in the order of these. */
function inQueue(tasks: LiveTasks): readonly (readonly LiveTask[])[] {
  const groups = new Map<number, LiveTask[]>();
  for (const task of tasks.all()) {
    const number = Number(path.basename(task.submission.folder));
    groups.set(number, [...(groups.get(number) ?? []), task]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Of an array that comes to its end only some places are in use. */
function batchInQueue(live: readonly LiveTask[], limit: number): Batch {
  const { places, atOnce } = live[0]!.submission.order;
  const most = Math.min(live.length, places?.length ?? atOnce ?? limit, limit);
  const its = places ?? Array.from({ length: most }, (_, index) => index);
  return { tasks: live.length, parents: [], whole: new Set(), places: its.slice(0, most) };
}

function batchOf({ tasks, after }: Pack, makers: ReadonlyMap<Fingerprint, Maker>): Batch {
  const needed = new Map<Batch, Set<number>>();
  for (const { batch, task } of after.flatMap((need) => makers.get(need) ?? []))
    needed.set(batch, (needed.get(batch) ?? new Set()).add(task));
  const whole = [...needed].filter(([batch, some]) => some.size === batch.tasks);
  return {
    tasks: tasks.length,
    parents: [...needed.keys()],
    whole: new Set(whole.map(([batch]) => batch)),
    places: null,
  };
}
