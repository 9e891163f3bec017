import { readFile, stat } from "node:fs/promises";

/** A line of LLaMA-Factory's trainer_log.jsonl. */
export interface TrainerLine {
  readonly current_steps: number;
  readonly total_steps: number;
  readonly loss?: number;
  readonly eval_loss?: number;
  readonly lr?: number;
  readonly epoch?: number;
  readonly throughput?: number;
  readonly total_tokens?: number;
}

/** Reads whole lines that were not read before. */
export class TrainerLogReader {
  private readonly file: string;
  private offset = 0;

  constructor(file: string) {
    this.file = file;
  }

  async next(): Promise<TrainerLine[]> {
    const size = await stat(this.file).then(
      (each) => each.size,
      () => 0,
    );
    if (size < this.offset) this.offset = 0; // it was deleted and begun again
    if (size === this.offset) return [];
    const text = (await readFile(this.file)).subarray(this.offset);
    const whole = text.lastIndexOf(10) + 1;
    this.offset += whole;
    return text
      .subarray(0, whole)
      .toString("utf8")
      .split("\n")
      .flatMap((line) => parseLine(line));
  }
}

function parseLine(line: string): TrainerLine[] {
  if (line.trim() === "") return [];
  try {
    const value = JSON.parse(line) as TrainerLine;
    return Number.isInteger(value.current_steps) ? [value] : [];
  } catch {
    return [];
  }
}

/** The metrics of a line under the names that every view shows; empty for the closing line. */
export function metricsOf(line: TrainerLine): { readonly [name: string]: number } {
  const named: readonly (readonly [string, number | undefined])[] = [
    ["train.loss", line.loss],
    ["valid.loss", line.eval_loss],
    ["learning_rate", line.loss === undefined ? undefined : line.lr],
    ["epoch", line.loss === undefined && line.eval_loss === undefined ? undefined : line.epoch],
    ["tokens_per_second", line.throughput],
    ["tokens", line.total_tokens],
  ];
  return Object.fromEntries(
    named.filter((each): each is [string, number] => Number.isFinite(each[1])),
  );
}

/** Lines of several attempts as one: of a step that was trained twice, the last attempt's line stands. */
export function mergeAttempts(attempts: readonly (readonly TrainerLine[])[]): TrainerLine[] {
  const merged = new Map<string, TrainerLine>();
  for (const lines of attempts) {
    const first = Math.min(...lines.map((line) => line.current_steps));
    for (const [key, line] of merged) if (line.current_steps >= first) merged.delete(key);
    for (const line of lines) {
      const kind =
        line.eval_loss !== undefined ? "eval" : line.loss !== undefined ? "train" : "end";
      merged.set(`${line.current_steps} ${kind}`, line);
    }
  }
  return [...merged.values()];
}
