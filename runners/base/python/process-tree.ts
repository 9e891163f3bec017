import { createWriteStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { StopSignal } from "../../../src/contract/runner.js";

/** Environment variable by which every process of a stage's tree is known, however deep it sits. */
const MARK = "R4EC_PROCESS_MARK";

/** A program of a Python environment, to be run with everything it starts. */
export interface PythonProgram {
  /** Folder of the environment. */
  readonly environment: string;
  /** A program of the environment's bin folder (`llamafactory-cli`), else of the path, or an absolute path. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly variables: { readonly [name: string]: string };
  /** Unique to the stage: its fingerprint. Processes of an earlier attempt that carry it are ended first. */
  readonly mark: string;
  /** Files that take stdout and stderr, appended. */
  readonly stdout: string;
  readonly stderr: string;
  /** Called with each line of stdout, where the program speaks line by line. */
  readonly onLine?: (line: string) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Last lines of stderr, for error messages; without what torchrun says of a process that failed. */
  readonly stderrTail: string;
}

/** A running tree of processes. */
export interface ProcessTree {
  readonly pid: number;
  /** Resolves when the program has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Ends the whole tree: TERM to its group, KILL after the grace, then whatever carries its mark. */
  stop(graceMilliseconds?: number): Promise<void>;
}

const TAIL_BYTES = 64 * 1024;
/** A line that names an error, as Python prints it. */
const PYTHON_ERROR = /^[\w.]+(?:Error|Exception|Interrupt|NotFound)\b/u;
/** Where torchrun begins to tell, in a page of its own, that a process of its failed. */
const TORCHRUN_FAILED = /^E\d{4} .*torch\/distributed\/elastic\/.*\bfailed\b/u;

// The program gets SIGTERM from the kernel when this process dies, even by SIGKILL (prctl 1 is
// PR_SET_PDEATHSIG, kept over exec; Linux alone knows it).
const FOLLOW_PARENT = [
  "import ctypes, os, signal, sys",
  "try: ctypes.CDLL(None).prctl(1, signal.SIGTERM)",
  "except Exception: pass",
  "os.execvp(sys.argv[1], sys.argv[1:])",
].join("\n");

/** Starts a program in a process group of its own. Rejects where it can't be started. */
export async function startTree(program: PythonProgram): Promise<ProcessTree> {
  await endMarked(program.mark);
  const bin = path.join(program.environment, "bin");
  const child = execa(
    path.join(bin, "python"),
    ["-c", FOLLOW_PARENT, program.program, ...program.arguments],
    {
      cwd: program.folder,
      env: {
        ...program.variables,
        // torchrun and others are looked for on the path.
        PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`,
        VIRTUAL_ENV: program.environment,
        PYTHONUNBUFFERED: "1",
        [MARK]: program.mark,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      buffer: false,
      detached: true,
      cleanup: false,
      reject: false,
    },
  );
  const tail = keepTail();
  const out = createWriteStream(program.stdout, { flags: "a" });
  const errors = createWriteStream(program.stderr, { flags: "a" });
  const lines = program.onLine === undefined ? null : splitLines(program.onLine);
  child.stdout.on("data", (chunk: Buffer) => {
    out.write(chunk);
    lines?.(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors.write(chunk);
    tail.add(chunk);
  });
  const ended = child.then((result): ProcessEnd => {
    out.end();
    errors.end();
    const failure = result.exitCode === undefined && result.signal === undefined;
    return {
      exitCode: result.exitCode ?? null,
      signal: result.signal ?? null,
      stderrTail: failure ? (result.shortMessage ?? "could not be started") : tail.text(),
    };
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error((await ended).stderrTail);
  const stop = async (grace = 10_000): Promise<void> => {
    signalGroup(pid, "SIGTERM");
    await Promise.race([ended, sleep(grace, undefined, { ref: false })]);
    signalGroup(pid, "SIGKILL");
    // Workers that torchrun starts sit in sessions of their own: no group signal reaches them.
    await endMarked(program.mark);
    await ended;
  };
  return { pid, ended, stop };
}

/** Runs a program to its end; a drain or an abort stops its whole tree. */
export async function runTree(
  program: PythonProgram,
  stop: StopSignal,
): Promise<ProcessEnd & { readonly stopped: boolean }> {
  const tree = await startTree(program);
  let stopped = false;
  const end = () => {
    stopped = true;
    void tree.stop();
  };
  stop.onDrain(end);
  stop.abort.addEventListener("abort", end, { once: true });
  if (stop.abort.aborted) end();
  try {
    const ended = await tree.ended;
    return { ...ended, stopped };
  } finally {
    stop.abort.removeEventListener("abort", end);
    await endMarked(program.mark);
  }
}

/** The message of a failed Python program: the last line that names an error, as Python prints it. */
export function pythonError(stderrTail: string): string {
  const lines = stderrTail.split("\n").filter((line) => line.trim() !== "");
  // Of several processes the first to fail tells why; the others' errors may be that it is gone.
  const ranked = lines.flatMap((line) => {
    const [, rank, message] = /^\[rank(\d+)\]:\s*(.*)$/u.exec(line) ?? [];
    return message !== undefined && PYTHON_ERROR.test(message) ? [{ rank, message }] : [];
  });
  const first = ranked.findLast(({ rank }) => rank === ranked[0]!.rank)?.message;
  const line = first ?? lines.findLast((each) => PYTHON_ERROR.test(each)) ?? lines.at(-1);
  return (line ?? "no message").trim().slice(0, 2000);
}

/** Kills every process that carries a mark: what an attempt that was itself killed left behind. */
export async function endMarked(mark: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const pids = await marked(mark);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await sleep(100);
  }
}

async function marked(mark: string): Promise<number[]> {
  const needle = `${MARK}=${mark}\0`;
  const found: number[] = [];
  const names = await readdir("/proc").catch(() => []);
  for (const name of names) {
    if (!/^\d+$/u.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    if (`${environment}\0`.includes(needle)) found.push(Number(name));
  }
  return found;
}

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
      // A progress bar rewrites its line: only what stands there in the end counts.
      const lines = kept
        .toString("utf8")
        .split("\n")
        .map((line) => line.slice(line.lastIndexOf("\r") + 1));
      const page = lines.findIndex((line) => TORCHRUN_FAILED.test(line));
      return (page > 0 ? lines.slice(0, page) : lines).slice(-40).join("\n");
    },
  };
}

function splitLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = "";
  const decoder = new TextDecoder();
  return (chunk) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    for (const line of parts) onLine(line);
  };
}
