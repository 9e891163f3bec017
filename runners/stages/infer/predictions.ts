import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { writeJsonl } from "../../base/files/write-jsonl.js";
import type { AnswerLog } from "../../base/chat/answer-log.js";
import type { AnswerTokens } from "../../base/chat/budget.js";
import type { Question } from "../../base/chat/ask.js";
import { openFolder } from "../../../src/base/folder.js";

const LOOK_EVERY_MS = 500;

/** Files of a batch prediction, below its working folder, in which its programs run. */
export const PROMPTS = path.join("data", "prompts.jsonl");
export const ANSWERS = "answers";

/** Writes questions as a data set of LLaMA-Factory, `prompts` in its folder `data`. */
export async function writePrompts(folder: string, questions: readonly Question[]): Promise<void> {
  await openFolder(path.join(folder, "data"));
  await mkdir(path.join(folder, ANSWERS));
  // A sample without an output would be dropped; what stands there is not read.
  const lines = questions.map(({ key, prompt }) => ({ instruction: prompt, output: "-", key }));
  await writeJsonl(path.join(folder, PROMPTS), lines);
  const columns = { prompt: "instruction", response: "output" };
  await writeFile(
    path.join(folder, "data", "dataset_info.json"),
    JSON.stringify({ prompts: { file_name: "prompts.jsonl", columns } }),
  );
}

/** A line that predict.py writes: an answer, with the tokens that were read and written for it. */
interface WrittenLine {
  readonly key: string;
  readonly text: string;
  readonly read?: number;
  readonly written?: number;
}

/** Takes over the answers that predict.py writes, a file a process, into a log. */
export class WrittenAnswers {
  private readonly folder: string;
  private readonly log: AnswerLog;
  private readonly read = new Map<string, number>();
  /** Answers taken over so far. */
  taken = 0;

  /** @param onPaid hears of the tokens of each answer that is taken over */
  constructor(
    folder: string,
    log: AnswerLog,
    private readonly onPaid: (tokens: AnswerTokens) => void,
  ) {
    this.folder = path.join(folder, ANSWERS);
    this.log = log;
  }

  /** Takes over what has been written since the last call. A line that has no end yet is left. */
  take(): void {
    if (!existsSync(this.folder)) return;
    for (const name of readdirSync(this.folder).sort()) this.takeFrom(name);
  }

  private takeFrom(name: string): void {
    const from = this.read.get(name) ?? 0;
    const bytes = readFrom(path.join(this.folder, name), from);
    const whole = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.toString("utf8", 0, whole).split("\n")) {
      if (line !== "") this.add(JSON.parse(line) as WrittenLine);
    }
    this.read.set(name, from + whole);
  }

  private add({ key, text, read = 0, written = 0 }: WrittenLine): void {
    if (this.log.get(key) !== undefined) return;
    const tokens = { promptTokens: read, completionTokens: written };
    this.log.add({ key, text: text.trim(), ...tokens });
    this.onPaid(tokens);
    this.taken += 1;
  }
}

/**
 * Takes answers over while the prediction runs. `finish` takes over the rest, and throws what went
 * wrong with that on the way.
 *
 * @param onTaken hears how many have been taken over so far
 */
export function followAnswers(
  written: WrittenAnswers,
  onTaken: (taken: number) => void,
): { readonly finish: () => void } {
  let failure: unknown;
  const look = () => {
    if (failure !== undefined) return;
    try {
      const before = written.taken;
      written.take();
      if (written.taken > before) onTaken(written.taken);
    } catch (error) {
      failure = error; // nobody catches what is thrown out of a timer
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    finish: () => {
      clearInterval(timer);
      look();
      if (failure !== undefined) throw failure;
    },
  };
}

/** A file's bytes from an offset on. */
function readFrom(file: string, offset: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - offset));
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, offset + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
