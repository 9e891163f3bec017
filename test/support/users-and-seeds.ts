import { readFileSync } from "node:fs";
import { testSplit } from "../../runners/base/influence/influence.js";

/** A difference between two variants, its p-value and its interval. */
export interface Difference {
  readonly difference: number;
  readonly p: number;
  readonly interval: readonly [number, number];
}

/** The worked example of a comparison over users and seeds: scores of two variants, and what follows. */
export const example = JSON.parse(
  readFileSync(new URL("../data/statistics/users-and-seeds.json", import.meta.url), "utf8"),
) as {
  readonly labels: readonly number[];
  readonly users: readonly number[];
  /** Of variants A and B: scores by seed. */
  readonly scores: {
    readonly A: readonly (readonly number[])[];
    readonly B: readonly (readonly number[])[];
  };
  readonly expected: {
    readonly seed1: {
      readonly auc: readonly number[];
      readonly phi: readonly number[];
      readonly clustered_variance: number;
    };
    readonly both: Difference & {
      readonly V_U: number;
      readonly V_S: number;
      readonly df: number;
      readonly "tost_0.05_p": number;
      readonly seed_t: number;
      readonly seed_p: number;
    };
    readonly logloss_both: Difference;
    readonly gauc_both: Difference;
  };
};

/** The example's test split. */
export const exampleSplit = testSplit(
  Int32Array.from(example.users),
  Uint8Array.from(example.labels),
);
