import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import path from "node:path";

/** An answer as it is kept, under the hash of all that was asked. */
export interface KeptAnswer {
  readonly key: string;
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * Answers of a model, kept as they come in a folder that outlives kills. Each process appends to a
 * file of its own, so that several may share a folder; a line torn by a kill is passed over when
 * the folder is read.
 */
export class AnswerLog {
  private readonly folder: string;
  private readonly answers = new Map<string, KeptAnswer>();
  private file: number | null = null;
  private unsynced = 0;

  /** Opens a folder of answers, made where it is missing, and reads what it holds. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(".jsonl")) continue;
      for (const line of readFileSync(path.join(folder, name), "utf8").split("\n")) {
        const answer = readLine(line);
        if (answer !== null) this.answers.set(answer.key, answer);
      }
    }
  }

  get(key: string): KeptAnswer | undefined {
    return this.answers.get(key);
  }

  get size(): number {
    return this.answers.size;
  }

  /** Keeps an answer: one write, so that a kill of this process leaves it whole or not at all. */
  add(answer: KeptAnswer): void {
    this.answers.set(answer.key, answer);
    this.file ??= openSync(
      path.join(this.folder, `${Date.now()}-${randomBytes(6).toString("hex")}.jsonl`),
      "a",
    );
    writeSync(this.file, `${JSON.stringify(answer)}\n`);
    // Losing the last few answers to a power cut costs asking again; syncing each costs more.
    if (++this.unsynced >= 32) this.sync();
  }

  private sync(): void {
    if (this.file !== null && this.unsynced > 0) fsyncSync(this.file);
    this.unsynced = 0;
  }

  close(): void {
    this.sync();
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }
}

function readLine(line: string): KeptAnswer | null {
  if (line === "") return null;
  try {
    const answer = JSON.parse(line) as KeptAnswer;
    return typeof answer.key === "string" && typeof answer.text === "string" ? answer : null;
  } catch {
    return null;
  }
}
