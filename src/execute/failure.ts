import type { FailureClass, StageError } from "../contract/runner.js";
import { classOfExit } from "./classify.js";
import type { RunningCall } from "./executor.js";
import type { TaskEnd } from "./messages.js";
import type { WorkerExit } from "./worker-process.js";

/** Longest delay of a timer of Node, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Last lines of a log that a failure carries. */
const LINES = 10;

/** A task's end that says, where it failed, the last lines of its log and where the log is. */
export function withLog(end: TaskEnd, call: Pick<RunningCall, "log" | "lastLines">): TaskEnd {
  if (end.how !== "failed" || end.error.log !== undefined) return end;
  const { detail = lastOf(call.lastLines()), ...error } = end.error;
  return { ...end, error: { ...error, ...(detail !== "" && { detail }), log: call.log } };
}

const lastOf = (lines: string): string => lines.split("\n").slice(-LINES).join("\n");

/** Why a stage failed whose call is over without its end. */
export function overError(
  runner: string,
  lost: WorkerExit | null,
  options: {
    /** The limit in seconds that the call did not keep, or null. */
    readonly late: number | null;
    readonly log: string;
    readonly classify: (words: string) => FailureClass | null;
  },
): StageError {
  const { late, log, classify } = options;
  if (lost === null)
    return { kind: "bug", message: `${runner} ended without saying how the stage ended`, log };
  const detail = lost.lastLines === "" ? {} : { detail: lost.lastLines };
  if (late !== null) {
    const message = `it took longer than ${late} s (time_limit.${runner})`;
    return { kind: "machine", class: "timeout", message, ...detail, log };
  }
  const of = classOfExit(lost, classify);
  const message = `its worker process ended unexpectedly (${lost.how})`;
  return { kind: "machine", class: of, message, ...detail, log };
}

/** Calls back after so many seconds, however many; it keeps no process alive. */
export const startTimer = (seconds: number, callback: () => void): NodeJS.Timeout =>
  setTimeout(callback, Math.min(LONGEST_TIMER, seconds * 1000)).unref();
