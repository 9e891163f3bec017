import type { Fingerprint } from "../../base/fingerprint.js";
import type { Resources } from "../../contract/runner.js";
import { longestFirst } from "../../forecast/index.js";
import type { PlannedStage } from "../../plan/index.js";
import { sharesCard } from "../../plan/index.js";
import type { JobSettings, SpecCluster } from "../../spec/index.js";

/** Most tasks of one submission: Slurm's MaxArraySize is 1001 unless an administrator raises it. */
const MOST_TASKS = 1000;

/** Stages that one call runs, and what it takes of its job. */
export interface PackedCall {
  readonly stages: readonly PlannedStage[];
  readonly wanted: Resources;
}

/** Equal jobs that are submitted together. */
export interface Pack {
  readonly runner: string;
  readonly settings: JobSettings;
  /** It asks for more memory than the spec says: its stages had too little. */
  readonly more: boolean;
  readonly cpus: number;
  readonly gpus: number;
  /** Parts of the toolchain that all of them need. */
  readonly parts: readonly string[];
  /** Stages that must be made before: those of other jobs. */
  readonly after: readonly Fingerprint[];
  readonly tasks: readonly (readonly PackedCall[])[];
}

/** What failures have taught about single stages. */
export interface Lessons {
  /** Most stages in one call. */
  readonly limits: ReadonlyMap<Fingerprint, number>;
  /** The part of a card that a call takes. */
  readonly cardParts: ReadonlyMap<Fingerprint, number>;
  /** Megabytes of its job. */
  readonly memories: ReadonlyMap<Fingerprint, number>;
}

interface Bucket {
  readonly wanted: Resources;
  readonly limit: number;
  readonly stages: PlannedStage[];
}

/**
 * Puts stages into jobs. Alike stages that wait for the same others become the tasks of one submission;
 * of those, equal ones share a call of their runner, and calls share a job's cards and cores. The tasks that
 * take longest come first: a cluster starts them in this order.
 *
 * @param stages in the plan's order
 * @param after the stages that a stage still waits for
 * @param expected seconds that a stage is expected to take; null: not known
 */
export function packStages(
  stages: readonly PlannedStage[],
  cluster: SpecCluster,
  cellsPerCard: number,
  after: (stage: PlannedStage) => readonly Fingerprint[],
  { limits, cardParts, memories }: Lessons,
  expected: (stage: Fingerprint) => number | null,
): readonly Pack[] {
  const groups = new Map<string, { first: PlannedStage; buckets: Map<string, Bucket> }>();
  for (const stage of stages) {
    const { record, runner, execution } = stage;
    const parts = [...new Set(runner.toolchain(record.params))].sort();
    const asked = runner.resources(record.params, execution);
    const gpus = gpusOf(asked, cluster.jobs(record.runner));
    const memory = memories.get(record.fingerprint) ?? null;
    const waits = [...after(stage)].sort();
    const key = JSON.stringify([record.runner, gpus, asked.cpus, parts, memory, waits]);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { first: stage, buckets: new Map() }));
    const part = cardParts.get(record.fingerprint) ?? 1 / cellsPerCard;
    const fusion = runner.fusion?.(record.params, execution, gpus);
    const limit = Math.min(fusion?.limit ?? 1, limits.get(record.fingerprint) ?? Infinity);
    const { cpus } = asked;
    const wanted = gpus === 0 ? { cpus, gpus } : sharesCard(stage) ? { cpus, gpus: part } : asked;
    const bucketKey = JSON.stringify([wanted, fusion?.key ?? null, limit]);
    const bucket = group.buckets.get(bucketKey);
    if (bucket !== undefined) bucket.stages.push(stage);
    else group.buckets.set(bucketKey, { wanted, limit, stages: [stage] });
  }
  return [...groups.values()].flatMap(({ first, buckets }) => {
    const { record, runner, execution } = first;
    const asked = cluster.jobs(record.runner);
    const learnt = memories.get(record.fingerprint) ?? 0;
    // 0: all that the node has.
    const more = asked.memory !== 0 && learnt > (asked.memory ?? 0);
    const settings = more ? { ...asked, memory: learnt } : asked;
    const gpus = gpusOf(runner.resources(record.params, execution), settings);
    let cpus = settings.cpus ?? 1;
    const tasks = [...buckets.values()].flatMap((bucket) => {
      const some = tasksOf(bucket, gpus, cluster.limit, settings.pack);
      const { wanted } = bucket;
      const most = Math.min(besides(wanted, gpus), Math.max(...some.map((calls) => calls.length)));
      if (settings.cpus === null) cpus = Math.max(cpus, Math.ceil(wanted.cpus) * most);
      return some;
    });
    const parts = [...new Set(runner.toolchain(record.params))].sort();
    const waits = after(first);
    const order = longestFirst(tasks, (calls) => workOf(calls, expected));
    return chunks(order, MOST_TASKS).map((some) => ({
      ...{ runner: record.runner, settings, more, parts, after: waits, tasks: some },
      ...{ cpus, gpus },
    }));
  });
}

/** Seconds of all stages of a job, as if each ran by itself; null: not known of some. */
function workOf(
  calls: readonly PackedCall[],
  expected: (stage: Fingerprint) => number | null,
): number | null {
  let seconds = 0;
  for (const { record } of calls.flatMap(({ stages }) => stages)) {
    const known = expected(record.fingerprint);
    if (known === null) return null;
    seconds += known;
  }
  return seconds;
}

/** Cards of a job: what the spec says, else what the stage asks for, in whole ones. */
const gpusOf = (asked: Resources, settings: JobSettings): number =>
  settings.gpus ?? Math.ceil(asked.gpus);

/** The jobs for stages of one shape: as many as may run at once first, then fuller ones. */
function tasksOf(
  { wanted, limit, stages }: Bucket,
  gpus: number,
  atOnce: number,
  pack: number | null,
): readonly (readonly PackedCall[])[] {
  const most = limit * besides(wanted, gpus);
  const each = pack ?? Math.min(most, Math.max(1, Math.ceil(stages.length / atOnce)));
  return chunks(stages, each).map((some) =>
    // Equal parts, so that no call is left over for the end.
    chunks(some, Math.ceil(some.length / Math.ceil(some.length / limit))).map((one) => ({
      stages: one,
      wanted,
    })),
  );
}

/** How many calls can share the cards of a job; on cores alone a job is for one. */
const besides = (wanted: Resources, gpus: number): number =>
  gpus > 0 && wanted.gpus > 0 ? Math.max(1, Math.floor(gpus / wanted.gpus + 1e-9)) : 1;

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size));
  return parts;
}
