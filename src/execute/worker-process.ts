import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { WriteStream } from "node:fs";
import { createWriteStream } from "node:fs";
import { memoryKills } from "../base/memory.js";
import { redact } from "../base/redact.js";
import { TREE_VARIABLE, killTree } from "../store/index.js";
import type { FromWorker, ToWorker, WorkerArguments } from "./messages.js";

/** How a worker's end shows. */
export interface WorkerExit {
  /** `exit status 1`, `SIGKILL`. */
  readonly how: string;
  /** Last lines it wrote on stderr and stdout. */
  readonly lastLines: string;
  /** True where the kernel ended it since memory was full. */
  readonly forMemory: boolean;
}

export interface WorkerHooks {
  message(message: FromWorker): void;
  /** Called once; the process and all its children are gone. */
  exit(exit: WorkerExit): void;
}

const KEPT_LINES = 30;
/** Characters of a line that are waited for. */
const LONGEST_LINE = 65_536;
const ENTRY = new URL("./worker.js", import.meta.url);

/** A worker process as the controller holds it. */
export class WorkerProcess {
  /** Mark of its process tree. */
  readonly mark = randomBytes(8).toString("hex");
  hooks: WorkerHooks | null = null;
  #exit: WorkerExit | null = null;
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  readonly #lines: string[] = [];
  #killsBefore = memoryKills();
  #spent = false;
  #fresh = true;
  readonly gone: Promise<void>;

  /** The most of each of its cards that a call of it was given, 0 to 1. */
  gpuShare = 0;

  constructor(
    /** From 1. */
    readonly number: number,
    /** Workers with equal keys can stand in for each other. */
    readonly key: string,
    /** Cards it can see. */
    readonly gpus: readonly number[],
    serves: WorkerArguments,
    environment: NodeJS.ProcessEnv,
    /** Absolute path of the file that keeps its output. */
    readonly logFile: string,
    /** Whether it shares its cards by MPS. */
    readonly byMps: boolean,
  ) {
    this.#child = fork(ENTRY, [JSON.stringify(serves)], {
      // A session of its own: a terminal's Ctrl-C reaches the controller alone, which drains.
      detached: true,
      env: { ...environment, [TREE_VARIABLE]: this.mark },
      execArgv: ["--enable-source-maps"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#log = createWriteStream(logFile, { flags: "a" });
    this.#log.on("error", () => undefined);
    this.#keep(this.#child.stdout!);
    this.#keep(this.#child.stderr!);
    this.#child.on("message", (message) => this.hooks?.message(message as FromWorker));
    this.gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#exit !== null) return;
        // Children that it left behind must not go on writing into the stage's folders.
        killTree(this.mark, "SIGKILL");
        const forMemory = how === "SIGKILL" && memoryKills() > this.#killsBefore;
        this.#exit = { how, lastLines: this.lastLines, forMemory };
        this.#log.end();
        resolve();
        this.hooks?.exit(this.#exit);
      };
      this.#child.on("error", (error) => ended(error.message));
      // `close`, unlike `exit`, comes after its last words; a grandchild may hold them open.
      this.#child.on("close", (code, signal) => ended(signal ?? `exit status ${code}`));
      this.#child.on("exit", (code, signal) => {
        killTree(this.mark, "SIGKILL");
        setTimeout(() => ended(signal ?? `exit status ${code}`), 500).unref();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Set once the process is gone. */
  get exited(): WorkerExit | null {
    return this.#exit;
  }

  /** Last lines it has written since {@link beginCall}. */
  get lastLines(): string {
    return this.#lines.join("\n");
  }

  /** Until its first call begins. */
  get fresh(): boolean {
    return this.#fresh;
  }

  /** A new call begins: what it writes from now on is about that. */
  beginCall(): void {
    this.#fresh = false;
    this.#lines.length = 0;
    this.#killsBefore = memoryKills();
  }

  /** True after {@link spend}. */
  get spent(): boolean {
    return this.#spent;
  }

  /** It holds memory that it will not give back: no further call is for it. */
  spend(): void {
    this.#spent = true;
  }

  #keep(stream: NodeJS.ReadableStream): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      // Whole lines, so that no secret is cut in two; a line without an end is not waited for.
      const text = rest + chunk;
      const end = text.length > LONGEST_LINE ? text.length : /[\r\n][^\r\n]*$/.exec(text)?.index;
      if (end === undefined) {
        rest = text;
        return;
      }
      const done = redact(text.slice(0, end + 1));
      rest = text.slice(end + 1);
      this.#log.write(done);
      this.#lines.push(...done.split(/[\r\n]+/).filter((line) => line.trim() !== ""));
      this.#lines.splice(0, this.#lines.length - KEPT_LINES);
    });
    stream.on("end", () => {
      const last = redact(rest);
      this.#log.write(last);
      if (last.trim() !== "") this.#lines.push(last);
    });
  }

  /** Sends; a worker that is gone shows by its exit. */
  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Asks an idle worker to leave. */
  retire(): void {
    this.send({ type: "exit" });
  }

  /** Kills it and all its children. */
  kill(): void {
    killTree(this.mark, "SIGKILL");
    this.#child.kill("SIGKILL");
  }
}
