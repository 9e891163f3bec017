import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.js";

/** A split by users: parameters of a `split` stage. */
export type UserSplit = {
  readonly by: "users";
  /** The number of folds that users are divided into. */
  readonly folds: number;
  /** The fold that is tested, from 1. */
  readonly fold: number;
};

/**
 * What a split decides about a data set. Rows are row numbers of its interactions, in ascending
 * order.
 */
export type SplitColumns = Pick<Dataset, "split" | "train" | "valid" | "test">;

/** Users held out for validation: one of this many of those who are not tested. */
const HELD_OUT = 10;

/** Position of a user's first sample: those before it stand in prompts, or are a teacher's target. */
const FIRST_SAMPLE = 11;

/**
 * Splits the samples of a data set by users. Users who have samples are ordered by the SHA-256 of
 * `r4ec/users/1`, the data set's id and the user's raw id, a line each; the user at place k (from 0)
 * of that order is in fold 1 + k mod `folds`. So a fold is the same on every machine and for every
 * seed. The fold's users are tested, with all their samples (positions from 11 on). Of the others,
 * every tenth of the order is held out for validation, whole.
 *
 * `train` holds the validation samples too, as in a split by time. `split` is the last position of a
 * user who is trained on, and -1 for users who are tested or held out.
 *
 * @param userIds raw id by user number; [0] is nobody
 */
export function splitByUsers(
  { id, users, offsets }: Pick<Dataset, "id" | "users" | "offsets">,
  userIds: readonly string[],
  { folds, fold }: UserSplit,
): SplitColumns {
  const lengthOf = (user: number): number => offsets[user + 1]! - offsets[user]!;
  const order = Array.from({ length: users }, (_, i) => i + 1)
    .filter((user) => lengthOf(user) > FIRST_SAMPLE)
    .map((user) => ({ user, rank: rankOf(id, userIds[user]!) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ user }) => user);
  const tested = new Set(order.filter((_, k) => 1 + (k % folds) === fold));
  const others = order.filter((user) => !tested.has(user));
  const held = new Set(others.filter((_, k) => k % HELD_OUT === HELD_OUT - 1));
  const split = new Int32Array(users + 1).fill(-1);
  const rows = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  for (let user = 1; user <= users; user++) {
    const test = tested.has(user);
    // Users without samples are neither trained on nor tested; prompts may show their first
    // positions.
    if (!test && !held.has(user)) split[user] = lengthOf(user) - 1;
    for (let row = offsets[user]! + FIRST_SAMPLE; row < offsets[user + 1]!; row++) {
      rows[test ? "test" : "train"].push(row);
      if (held.has(user)) rows.valid.push(row);
    }
  }
  split[0] = 0;
  return {
    split,
    train: Int32Array.from(rows.train),
    valid: Int32Array.from(rows.valid),
    test: Int32Array.from(rows.test),
  };
}

const rankOf = (dataset: string, user: string): string =>
  createHash("sha256").update(`r4ec/users/1\n${dataset}\n${user}`).digest("hex");
