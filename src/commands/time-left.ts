import type { Fingerprint } from "../base/fingerprint.js";
import type { StageState, SweepState } from "../journal/index.js";

/** Where a running stage is, as its runner last said. */
export interface LiveProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly secondsLeft?: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Seconds that a running stage still needs, or null if this is not known. */
export function stageSecondsLeft(
  stage: StageState,
  live: LiveProgress | undefined,
  now: number,
): number | null {
  if (live === undefined || stage.startedAt === null) return null;
  const since = (now - live.time) / 1000;
  if (live.secondsLeft !== undefined) return Math.max(0, live.secondsLeft - since);
  if (live.done <= 0 || live.total <= 0) return null;
  const spent = (live.time - stage.startedAt) / 1000;
  return Math.max(0, (spent * (live.total - live.done)) / live.done - since);
}

/**
 * An estimate of the seconds until a sweep ends. Finished stages show how long a stage of their
 * kind takes (of a group of stages that ran together, each counts with its share). Running stages
 * report their progress. The number of stages that run at the same time is taken to stay as it is.
 * Null while a kind of stage that must still run has never finished.
 */
export function sweepSecondsLeft(
  state: SweepState,
  waiting: readonly Fingerprint[],
  live: ReadonlyMap<Fingerprint, LiveProgress>,
  now: number,
): number | null {
  const seen = new Map<string, { seconds: number; count: number }>();
  const learn = (runner: string, seconds: number): void => {
    const known = seen.get(runner) ?? { seconds: 0, count: 0 };
    seen.set(runner, { seconds: known.seconds + seconds, count: known.count + 1 });
  };
  const groups = new Map<string, { left: number | null; stages: StageState[] }>();
  for (const [fingerprint, stage] of state.stages) {
    if (stage.status === "done" && stage.seconds > 0) {
      learn(stage.record.runner, stage.seconds / stage.fusedWith);
    }
    if (stage.status !== "running") continue;
    const left = stageSecondsLeft(stage, live.get(fingerprint), now);
    if (left !== null) {
      const spent = (now - (stage.startedAt ?? now)) / 1000;
      learn(stage.record.runner, (spent + left) / stage.fusedWith);
    }
    const key = `${stage.worker}`;
    const group = groups.get(key) ?? { left: null, stages: [] };
    group.stages.push(stage);
    if (left !== null) group.left = Math.max(group.left ?? 0, left);
    groups.set(key, group);
  }
  const mean = (runner: string): number | null => {
    const known = seen.get(runner);
    return known === undefined ? null : known.seconds / known.count;
  };
  let work = 0;
  let longest = 0;
  for (const { left, stages } of groups.values()) {
    let seconds = left;
    if (seconds === null) {
      const usual = mean(stages[0]!.record.runner);
      if (usual === null) return null;
      const spent = (now - (stages[0]!.startedAt ?? now)) / 1000;
      seconds = Math.max(0, usual * stages[0]!.fusedWith - spent);
    }
    work += seconds;
    longest = Math.max(longest, seconds);
  }
  for (const fingerprint of waiting) {
    const usual = mean(state.stages.get(fingerprint)!.record.runner);
    if (usual === null) return null;
    work += usual;
  }
  return Math.max(longest, work / Math.max(1, groups.size));
}

/** Seconds for people: `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number: number): string => String(number).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(whole / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
