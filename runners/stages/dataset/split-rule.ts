import type { JsonObject } from "../../../src/base/json.js";
import type { Dataset } from "../../base/artifacts/dataset.js";
import { sortByKey } from "./by-user.js";
import { Column } from "./column.js";

/** Position of a user's first sample: the ten before it stand in prompts, the eleventh is a teacher's target. */
const FIRST_SAMPLE = 11;

/** How a data set's own artifact is split: `dataset.split`, but for a split by users. */
export type SplitRule =
  | { readonly by: "time"; readonly train: number }
  | { readonly by: "date"; readonly at: string; readonly seconds: number }
  | { readonly by: "leave-last"; readonly n: number }
  | {
      readonly by: "column";
      readonly column: string;
      readonly test?: string;
      readonly valid?: string;
    };

/** The share of each user's interactions up to the split index, without a setting. */
export const TRAIN_SHARE = 0.8;

/** The rule of a stage's parameters; without one, the first 80 % of each user's interactions. */
export const ruleOf = (params: JsonObject): SplitRule =>
  (params["split"] as SplitRule | undefined) ?? { by: "time", train: TRAIN_SHARE };

/** What a column of parts says of a row. */
export const PART = { train: 0, valid: 1, test: 2 } as const;

/** Sequences in order of time. */
interface Sequences {
  /** User u's rows are offsets[u] to offsets[u + 1]. */
  readonly offsets: Int32Array;
  readonly interactionTime: Float64Array;
  /** By row: of {@link PART}; for a split by column alone. */
  readonly parts?: Uint8Array | undefined;
}

type Split = Pick<Dataset, "split" | "train" | "valid" | "test">;

/** Split index and samples, as docs/datasets.md defines them for each rule. */
export function samplesOf(sequences: Sequences, users: number, rule: SplitRule): Split {
  const { offsets } = sequences;
  const split = new Int32Array(users + 1);
  const column = (): Column<Int32Array> => new Column((length) => new Int32Array(length));
  const [train, valid, test] = [column(), column(), column()];
  const validGiven = sequences.parts?.includes(PART.valid) === true;
  for (let u = 1; u <= users; u++) {
    const [start, end] = [offsets[u]!, offsets[u + 1]!];
    if (rule.by === "column") {
      split[u] = byColumn(sequences.parts!, validGiven, start, end, { train, valid, test });
      continue;
    }
    const at = lastTraining(sequences, start, end, rule);
    split[u] = at;
    const samples = Math.max(0, at - FIRST_SAMPLE + 1);
    const held = rule.by === "leave-last" ? Math.min(samples, rule.n) : Math.floor(0.1 * samples);
    const validFrom = start + FIRST_SAMPLE + samples - held;
    for (let row = start + FIRST_SAMPLE; row <= start + at; row++) {
      train.push(row);
      if (row >= validFrom) valid.push(row);
    }
    // In a sequence of 12 or fewer the part after the split reaches into what prompts show.
    for (let row = start + Math.max(at + 1, FIRST_SAMPLE); row < end; row++) test.push(row);
  }
  const trained = train.take();
  const held = rule.by === "date" ? latest(trained, sequences.interactionTime) : valid.take();
  return { split, train: trained, valid: held, test: test.take() };
}

/**
 * The last floor(0.1 n) of n rows by time (equal times: by row), in ascending order: where all users
 * are cut at a date, so are training and validation.
 */
function latest(rows: Int32Array, time: Float64Array): Int32Array {
  const ordered = rows.slice();
  sortByKey(ordered, 0, ordered.length, time, new Int32Array(ordered.length));
  return ordered.subarray(ordered.length - Math.floor(0.1 * ordered.length)).sort();
}

/** The last training position of a user, -1 for none. */
function lastTraining(
  { interactionTime }: Sequences,
  start: number,
  end: number,
  rule: Exclude<SplitRule, { by: "column" }>,
): number {
  switch (rule.by) {
    case "time":
      return Math.floor(rule.train * (end - start));
    case "leave-last":
      return Math.max(-1, end - start - rule.n - 1);
    case "date": {
      let row = start;
      while (row < end && interactionTime[row]! < rule.seconds) row += 1;
      return row - start - 1;
    }
  }
}

/**
 * Puts a user's samples where a column says.
 *
 * @param held whether it names rows for validation; else the last floor(0.1 n) of the n training
 *   samples are held out, as in a split by time
 * @returns the last position before the first that is tested
 */
function byColumn(
  parts: Uint8Array,
  held: boolean,
  start: number,
  end: number,
  to: { readonly [part in keyof typeof PART]: Column<Int32Array> },
): number {
  let last = -1;
  while (start + last + 1 < end && parts[start + last + 1] !== PART.test) last += 1;
  const trained: number[] = [];
  for (let row = start + FIRST_SAMPLE; row < end; row++) {
    if (parts[row] === PART.test) to.test.push(row);
    else trained.push(row);
    if (held && parts[row] === PART.valid) to.valid.push(row);
  }
  for (const row of trained) to.train.push(row);
  const from = trained.length - Math.floor(0.1 * trained.length);
  if (!held) for (const row of trained.slice(from)) to.valid.push(row);
  return last;
}
