import { weightedSum } from "../toolkit/operations.js";
import type { Rewriting } from "./rewriting.js";

/** A weighted sum of rows as a matrix product of each sample's own: a GPU has too many samples for that. */
export const sumByProduct: Rewriting = (_, { sumsByProduct }) =>
  sumsByProduct
    ? { weightedSum: (rows, weights) => rows.made(weightedSum(rows.tensor, weights.tensor, true)) }
    : {};
