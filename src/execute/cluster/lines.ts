import type { FileHandle } from "node:fs/promises";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import type { Fingerprint } from "../../base/fingerprint.js";
import { redactJson } from "../../base/redact.js";
import type { RunnerEvent } from "../../contract/runner.js";
import { addUsage } from "../../contract/usage.js";
import { isErrno } from "../../store/index.js";
import type { JobLine } from "./orders.js";

/** What may wait a moment for company, in milliseconds: a network's file system is slow. */
const GATHER = 500;

type Said = Extract<JobLine, { type: "event" }>;

/** Appends what a job says to its file. */
export class LineWriter {
  #waiting: JobLine[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(private readonly handle: FileHandle) {}

  static async open(file: string): Promise<LineWriter> {
    return new LineWriter(await open(file, "a"));
  }

  /** What a runner said: of its progress the last word counts, payments are added up. */
  event(stage: Fingerprint, event: RunnerEvent): void {
    const index = this.#waiting.findIndex(
      (line) => line.type === "event" && line.stage === stage && line.event.type === event.type,
    );
    const before = index < 0 ? null : (this.#waiting[index] as Said).event;
    if (before !== null && event.type === "usage" && before.type === "usage") {
      this.#waiting[index] = {
        type: "event",
        stage,
        event: { type: "usage", ...addUsage(before, event) },
      };
    } else if (before !== null && event.type === "progress") {
      this.#waiting[index] = { type: "event", stage, event };
    } else {
      this.#waiting.push({ type: "event", stage, event });
    }
    this.#timer ??= setTimeout(() => void this.#flush(), GATHER);
  }

  /** Appends a line and all before it; resolves when they are on disk. */
  async say(line: JobLine): Promise<void> {
    this.#waiting.push(line);
    await this.#flush();
    await this.handle.datasync();
  }

  #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#waiting.splice(0).map((line) => `${JSON.stringify(redactJson(line))}\n`);
    this.#writing = this.#writing.then(async () => {
      if (lines.length > 0) await this.handle.appendFile(lines.join(""));
    });
    return this.#writing;
  }
}

/** Reads what a job says, from where an earlier controller came to. */
export class LineReader {
  /** Byte up to which lines were read, and up to which they are in the journal. */
  #offset = 0;
  #kept = 0;
  #rest = Buffer.alloc(0);

  constructor(private readonly files: { readonly events: string; readonly read: string }) {}

  /** Whole lines that came since the last call. `known`: an earlier controller has told the journal. */
  async next(): Promise<readonly { readonly line: JobLine; readonly known: boolean }[]> {
    if (this.#offset === 0) this.#kept = await this.#readKept();
    const chunk = await readFrom(this.files.events, this.#offset);
    if (chunk.length === 0) return [];
    let at = this.#offset - this.#rest.length;
    this.#offset += chunk.length;
    let rest = Buffer.concat([this.#rest, chunk]);
    const lines: { line: JobLine; known: boolean }[] = [];
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const text = rest.subarray(0, end).toString("utf8");
      rest = rest.subarray(end + 1);
      at += end + 1;
      // A job that is killed while it writes leaves a torn line; its next run begins behind that.
      const line = parse(text);
      if (line !== null) lines.push({ line, known: at <= this.#kept });
    }
    this.#rest = Buffer.from(rest);
    return lines;
  }

  /** All lines that were given are in the journal. */
  async keep(): Promise<void> {
    const whole = this.#offset - this.#rest.length;
    if (whole <= this.#kept) return;
    this.#kept = whole;
    const draft = `${this.files.read}.new`;
    await writeFile(draft, `${whole}`);
    await rename(draft, this.files.read);
  }

  #readKept(): Promise<number> {
    return readFile(this.files.read, "utf8").then(
      (text) => Number(text),
      (error: unknown) => {
        if (isErrno(error, "ENOENT")) return 0;
        throw error;
      },
    );
  }
}

function parse(text: string): JobLine | null {
  for (const from of [0, text.lastIndexOf('{"type":"began"')]) {
    if (from < 0) continue;
    try {
      return JSON.parse(text.slice(from)) as JobLine;
    } catch {
      // Torn.
    }
  }
  return null;
}

async function readFrom(file: string, offset: number): Promise<Buffer> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = await handle.stat();
    if (size <= offset) return Buffer.alloc(0);
    const buffer = Buffer.alloc(size - offset);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
