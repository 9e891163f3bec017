import type { StageError } from "../../../src/contract/runner.js";
import { classOfWords } from "./failure-words.js";

/** How a process ended. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Last lines of stderr, for error messages; without what torchrun says of a process that failed. */
  readonly stderrTail: string;
  /** True where the kernel has ended processes since memory was full, while it ran. */
  readonly forMemory?: boolean;
  /** Absolute path of the file that keeps its stderr. */
  readonly log?: string;
}

/**
 * What the end of a program that failed says about another try. One that ended itself, with words
 * that name none of the machine's faults, ends so again: wrong settings, bad data, a bug.
 */
export function faultOf(end: ProcessEnd): Pick<StageError, "kind" | "class"> {
  const of = end.forMemory === true ? "memory" : classOfWords(end.stderrTail);
  if (of !== null) return { kind: "machine", class: of };
  if (end.signal !== null) return { kind: "machine", class: "lost" };
  return { kind: end.exitCode === null || end.exitCode === 0 ? "machine" : "spec" };
}

/** A line that names an error, as Python prints it. */
const PYTHON_ERROR = /^[\w.]+(?:Error|Exception|Interrupt|NotFound)\b/u;

/** The message of a failed Python program: the last line that names an error, as Python prints it. */
export function pythonError(stderrTail: string): string {
  const lines = stderrTail.split("\n").filter((line) => line.trim() !== "");
  // Of several processes, the first one that failed has the cause; the others may fail only because
  // it ended.
  const ranked = lines.flatMap((line) => {
    const [, rank, message] = /^\[rank(\d+)\]:\s*(.*)$/u.exec(line) ?? [];
    return message !== undefined && PYTHON_ERROR.test(message) ? [{ rank, message }] : [];
  });
  const first = ranked.findLast(({ rank }) => rank === ranked[0]!.rank)?.message;
  const line = first ?? lines.findLast((each) => PYTHON_ERROR.test(each)) ?? lines.at(-1);
  return (line ?? "no message").trim().slice(0, 2000);
}

/** The setting that says how much a program computes at once, and so how much memory it needs. */
export interface BatchSetting {
  /** Dotted path of the setting. */
  readonly path: string;
  readonly value: number;
}

/**
 * What to do about a program that ran out of memory, as the end of a message; empty where it failed
 * for another reason. The kernel ends a process by SIGKILL where the machine's memory is full, but
 * others may send that signal too.
 */
export function memoryAdvice(end: ProcessEnd, batch: BatchSetting): string {
  // The class `memory` is of the machine's memory; a card's is told by PyTorch alone.
  const certain =
    faultOf(end).class === "memory" || /out of memory/iu.test(pythonError(end.stderrTail));
  if (!certain && end.signal !== "SIGKILL") return "";
  const advice =
    batch.value > 1
      ? `set ${batch.path} below ${batch.value}`
      : `${batch.path} is 1 already: take a smaller model, or a machine with more memory`;
  return certain ? `; ${advice}` : `; if the machine was out of memory: ${advice}`;
}

/** A Python program of a stage that failed: its last words, with the last lines of stderr as detail. */
export class ProgramFailure extends Error {
  readonly detail: string;
  /**
   * @param batch of a program that works in batches
   * @param without what a program did that ended with status 0 all the same
   */
  constructor(
    program: string,
    readonly end: ProcessEnd,
    batch?: BatchSetting,
    without = "ended too early",
  ) {
    const how =
      end.signal === null
        ? end.exitCode === null
          ? "failed"
          : end.exitCode === 0
            ? without
            : `failed (exit status ${end.exitCode})`
        : `was ended by ${end.signal}`;
    const advice = batch === undefined ? "" : memoryAdvice(end, batch);
    super(`${program} ${how}: ${pythonError(end.stderrTail)}${advice}`);
    this.name = "ProgramFailure";
    this.detail = end.stderrTail;
  }
}
