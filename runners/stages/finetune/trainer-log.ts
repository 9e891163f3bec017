import { readFile, stat } from "node:fs/promises";

/** A line of LLaMA-Factory's trainer_log.jsonl. */
export interface TrainerLine {
  readonly current_steps: number;
  readonly total_steps: number;
  readonly loss?: number;
  readonly eval_loss?: number;
  readonly lr?: number;
  readonly epoch?: number;
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
    const value = JSON.parse(line, (name, inner: unknown) =>
      // It divides the tokens of all attempts by the time of the last one.
      name === "throughput" ? undefined : inner,
    ) as TrainerLine;
    return Number.isInteger(value.current_steps) ? [value] : [];
  } catch {
    return [];
  }
}

/** The metrics of a line under the names that every view shows; empty for the closing line. */
export function metricsOf(line: TrainerLine): { readonly [name: string]: number } {
  const ended = line.loss === undefined && line.eval_loss === undefined;
  const named: readonly (readonly [string, number | undefined])[] = [
    ["train.loss", line.loss],
    ["valid.loss", line.eval_loss],
    ["learning_rate", line.loss === undefined ? undefined : line.lr],
    ["epoch", ended ? undefined : line.epoch],
    ["tokens", ended ? undefined : line.total_tokens],
  ];
  return Object.fromEntries(
    named.filter((each): each is [string, number] => Number.isFinite(each[1])),
  );
}

type Kind = "train" | "eval" | "end";

/** What a line tells: a training loss, a validation loss, or that an attempt ended. */
const kindOf = (line: TrainerLine): Kind =>
  line.eval_loss !== undefined ? "eval" : line.loss !== undefined ? "train" : "end";

/**
 * Lines of several attempts as one, as training without a stop would have written them: of a step that was
 * trained twice, the last attempt's line stands, and of the lines that end an attempt, the last one. An attempt
 * that began after the last step has only such a line.
 */
export function mergeAttempts(attempts: readonly (readonly TrainerLine[])[]): TrainerLine[] {
  const merged = new Map<string, TrainerLine>();
  for (const lines of attempts) {
    const trained = lines.filter((line) => kindOf(line) !== "end");
    const first = Math.min(...trained.map((line) => line.current_steps));
    for (const [key, line] of merged) {
      if (kindOf(line) !== "end" && line.current_steps >= first) merged.delete(key);
    }
    for (const line of lines) {
      const kind = kindOf(line);
      const key = kind === "end" ? kind : `${line.current_steps} ${kind}`;
      merged.delete(key);
      merged.set(key, line);
    }
  }
  return [...merged.values()];
}

/**
 * The mean training loss over all steps, as the trainer of transformers computes `train_loss`: each line's loss
 * counts for the steps since the line before. Null where the last steps have no line.
 */
export function meanLoss(lines: readonly TrainerLine[]): number | null {
  let [sum, steps] = [0, 0];
  for (const { loss, current_steps: step } of lines) {
    if (loss === undefined) continue;
    sum += loss * (step - steps);
    steps = step;
  }
  const all = Math.max(0, ...lines.map((line) => line.current_steps));
  return steps === 0 || steps < all ? null : sum / steps;
}
