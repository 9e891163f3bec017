import { openSync, readFileSync, writeSync } from "node:fs";
import type { Keyed, RecordForm } from "../files/keyed-log.js";
import { KeyedLog } from "../files/keyed-log.js";
import type { NoText } from "./answer.js";

/** An answer as it is kept, under the hash of all that was asked. */
export interface KeptAnswer {
  readonly key: string;
  /** As it came, a model's thoughts included. */
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** There and true where the answer was cut at its longest. */
  readonly cut?: boolean;
  /**
   * There where the answer held no text. Such an answer is kept for what it cost alone: the prompt is
   * asked again.
   */
  readonly why?: NoText;
}

/** A line of JSON an answer. */
const lines: RecordForm<KeptAnswer> = {
  ending: ".jsonl",
  create: (base) => [openSync(`${base}.jsonl`, "a")],
  write([file], records) {
    writeSync(file!, records.map(([, answer]) => `${JSON.stringify(answer)}\n`).join(""));
  },
  *read(base, wanted) {
    for (const line of readFileSync(`${base}.jsonl`, "utf8").split("\n")) {
      const record = readLine(line);
      if (record !== null && wanted(record[0])) yield record;
    }
  },
};

function readLine(line: string): Keyed<KeptAnswer> | null {
  try {
    const answer = JSON.parse(line) as Partial<KeptAnswer> | null;
    if (typeof answer?.key !== "string" || typeof answer.text !== "string") return null;
    return [answer.key, answer as KeptAnswer];
  } catch {
    // Empty, or torn by a kill.
    return null;
  }
}

/** Answers of a model, kept as they come. */
export class AnswerLog extends KeyedLog<KeptAnswer> {
  constructor(folder: string) {
    super(folder, lines);
  }

  add(answer: KeptAnswer): void {
    this.append([[answer.key, answer]]);
  }
}
