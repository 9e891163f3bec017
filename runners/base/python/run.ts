import { createWriteStream, realpathSync, type WriteStream } from "node:fs";
import path from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryKills } from "../../../src/base/memory.js";
import { endTree, processesOfTree } from "../../../src/base/process.js";
import { redact } from "../../../src/base/redact.js";
import type { StageTask } from "../../../src/contract/runner.js";
import type { PythonTask } from "./environment.js";
import { llmEnvironment, pythonVariables } from "./environment.js";
import type { ProcessEnd } from "./failure.js";
import type { FoundProgram } from "./find-program.js";
import { commandProgram } from "./find-program.js";

/** Environment variable that marks every process of a stage's process tree, at any depth. */
const MARK = "R4EC_PROCESS_MARK";

/**
 * The value of {@link MARK}. The work folder tells attempts at this stage from those at the same stage for
 * another store, which may run at the same time and are not to be touched.
 */
const markOf = ({ fingerprint, work }: MarkedTask): string => `${fingerprint} ${realPathOf(work)}`;

/** What the mark of a stage's processes is made of. */
type MarkedTask = Pick<StageTask, "fingerprint" | "work">;

/** A store may be known by several names. */
function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // It went with the stage that has ended.
    return path.resolve(folder);
  }
}

/** Processes that attempts at a stage have started and that still run. */
export const processesOfStage = (task: MarkedTask): readonly number[] =>
  processesOfTree(markOf(task), MARK);

/**
 * Where a program of the user's own runs, instead of the LLM environment. Nobody knows what such a
 * program prints: its output is kept without secrets, and messages quote both its streams.
 */
export interface OwnHost {
  /** A Python that starts the program and then becomes it; null where there is none. */
  readonly python: string | null;
  /** Environment variables beside process.env. */
  readonly variables: { readonly [name: string]: string };
}

/** A program that a stage runs in the LLM environment, or on a host of its own. */
export interface PythonProgram {
  /** Missing: it runs in the LLM environment. */
  readonly host?: OwnHost;
  /** A program of the environment's bin folder (`llamafactory-cli`), else of the path, or an absolute path. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Its working folder. */
  readonly folder: string;
  /** Environment variables beside those of every Python program (environment.ts). */
  readonly variables?: { readonly [name: string]: string };
  /**
   * Its output is appended to `LOG.stdout.log` and `LOG.stderr.log` in the work folder, to `LOG.log` on a
   * host of its own; missing: no LOG.
   */
  readonly log?: string;
  /**
   * Asks the program, where draining begins, to save what it has and end by itself. False: it has
   * nothing to save, and is ended. Missing: it is ended.
   */
  readonly askToStop?: () => boolean;
  /** Called with each line of stdout, where the program speaks line by line. */
  readonly onLine?: (line: string) => void;
}

/** A running program with all processes that it has started. */
export interface ProcessTree {
  readonly pid: number;
  /** The program as it was looked up in the LLM environment; null on a host of its own. */
  readonly program: FoundProgram | null;
  /** Resolves when the program itself has ended; processes that it started may still run. */
  readonly exited: Promise<void>;
  /**
   * Resolves when the program has ended and nothing holds its output any more: a process that it
   * started may do so. Never rejects.
   */
  readonly ended: Promise<ProcessEnd>;
  /** Ends the whole tree: TERM to its group, KILL after the grace, then all processes that carry its mark. */
  stop(graceMilliseconds?: number): Promise<void>;
}

const TAIL_BYTES = 64 * 1024;
/** Where torchrun begins to tell, in a page of its own, that a process of its failed. */
const TORCHRUN_FAILED = /^E\d{4} .*torch\/distributed\/elastic\/.*\bfailed\b/u;

// The program gets SIGTERM from the kernel when this process dies, even by SIGKILL (prctl 1 is
// PR_SET_PDEATHSIG, kept over exec; Linux alone knows it). `-I` keeps files of the program's folder from
// standing in the place of these modules; what is started knows nothing of it.
const FOLLOW_PARENT = [
  "import ctypes, os, signal, sys",
  "try: ctypes.CDLL(None).prctl(1, signal.SIGTERM)",
  "except Exception: pass",
  "os.execvp(sys.argv[1], sys.argv[1:])",
].join("\n");

/** Ends what an earlier attempt at a stage, itself killed, has left running. */
export const endLeftProcesses = (task: MarkedTask): Promise<void> => endTree(markOf(task), MARK);

/**
 * Starts a program in a process group of its own; processes of an earlier attempt are ended first.
 * Rejects where it can't be started.
 */
export async function startProgram(task: PythonTask, program: PythonProgram): Promise<ProcessTree> {
  const own = program.host;
  const environment = own === undefined ? llmEnvironment(task) : null;
  const host = own ?? {
    python: path.join(environment!, "bin", "python"),
    variables: pythonVariables(task),
  };
  const found = environment === null ? null : commandProgram(program.program, environment);
  const killsBefore = memoryKills();
  const log = logFile(task, program, own === undefined ? "stderr" : null);
  await endLeftProcesses(task);
  const [file, before] =
    host.python === null
      ? [program.program, []]
      : [host.python, ["-I", "-c", FOLLOW_PARENT, program.program]];
  const { execa } = await import("execa");
  const child = execa(file, [...before, ...program.arguments], {
    cwd: program.folder,
    env: { ...host.variables, ...program.variables, [MARK]: markOf(task) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    buffer: false,
    detached: true,
    cleanup: false,
    reject: false,
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const tail = keepTail();
  const errors = createWriteStream(log, { flags: "a" });
  const out =
    own === undefined
      ? createWriteStream(logFile(task, program, "stdout"), { flags: "a" })
      : errors;
  const lines = program.onLine === undefined ? null : splitLines(program.onLine);
  const keep = own === undefined ? asItIs : withoutSecrets;
  const [keepOut, keepErrors] = [keep(out), keep(errors)];
  child.stdout.on("data", (chunk: Buffer) => {
    keepOut.add(chunk);
    lines?.add(chunk);
    if (own !== undefined) tail.add(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    keepErrors.add(chunk);
    tail.add(chunk);
  });
  const ended = child.then(async (result): Promise<ProcessEnd> => {
    keepOut.end();
    keepErrors.end();
    await Promise.allSettled([...new Set([out, errors])].map((file) => finished(file.end())));
    // What a program of ours was killed at is no line.
    if (own !== undefined) lines?.end();
    const failure = result.exitCode === undefined && result.signal === undefined;
    return {
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? null,
      stderrTail: failure ? (result.shortMessage ?? "could not be started") : tail.text(),
      forMemory: result.exitCode !== 0 && memoryKills() > killsBefore,
      log,
    };
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error((await ended).stderrTail);
  const stop = async (grace = 10_000): Promise<void> => {
    signalGroup(pid, "SIGTERM");
    await Promise.race([ended, sleep(grace, undefined, { ref: false })]);
    signalGroup(pid, "SIGKILL");
    // Workers that torchrun starts sit in sessions of their own: no group signal reaches them.
    await endLeftProcesses(task);
    await ended;
  };
  return { pid, program: found, exited, ended, stop };
}

/**
 * Runs a program to its end; an abort stops it with all that it has started, and so does a drain where
 * the program cannot end by itself.
 */
export async function runProgram(
  task: PythonTask,
  program: PythonProgram,
): Promise<ProcessEnd & { readonly stopped: boolean }> {
  const tree = await startProgram(task, program);
  const { stop } = task;
  let stopped = false;
  const end = () => {
    stopped = true;
    void tree.stop();
  };
  stop.onDrain(() => {
    if (program.askToStop?.() === true) stopped = true;
    else end();
  });
  stop.abort.addEventListener("abort", end, { once: true });
  if (stop.abort.aborted) end();
  // A process that the program leaves running would keep the program's output open.
  const cleared = tree.exited.then(() => endLeftProcesses(task));
  try {
    const ended = await tree.ended;
    return { ...ended, stopped };
  } finally {
    stop.abort.removeEventListener("abort", end);
    await cleared;
  }
}

/** Where the output goes; null: both streams in one file. */
const logFile = (
  task: PythonTask,
  { log }: PythonProgram,
  stream: "stdout" | "stderr" | null,
): string => path.join(task.work, [log, stream, "log"].filter((part) => part != null).join("."));

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

function keepTail(): { add(chunk: Buffer): void; text(): string } {
  let kept = Buffer.alloc(0);
  return {
    add: (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      if (kept.length > TAIL_BYTES) kept = kept.subarray(kept.length - TAIL_BYTES);
    },
    text: () => {
      // A progress bar rewrites its line, so only the last text of the line counts.
      const lines = kept
        .toString("utf8")
        .split("\n")
        .map((line) => line.slice(line.lastIndexOf("\r") + 1));
      const page = lines.findIndex((line) => TORCHRUN_FAILED.test(line));
      return (page > 0 ? lines.slice(0, page) : lines).slice(-40).join("\n");
    },
  };
}

/** Receives a stream piece by piece. */
interface Sink {
  add(chunk: Buffer): void;
  end(): void;
}

function splitLines(onLine: (line: string) => void): Sink {
  let rest = "";
  const decoder = new TextDecoder();
  return {
    add: (chunk) => {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop()!;
      for (const line of parts) onLine(line);
    },
    // The last line of a program may lack its end.
    end: () => {
      if (rest !== "") onLine(rest);
    },
  };
}

const asItIs = (file: WriteStream): Sink => ({
  add: (chunk) => void file.write(chunk),
  end: () => undefined,
});

/** Writes line by line, each without its secrets: a secret may stand across two pieces. */
function withoutSecrets(file: WriteStream): Sink {
  return splitLines((line) => void file.write(`${redact(line)}\n`));
}
