import { weightedSum } from "../toolkit/operations.js";
import type { Rewriting } from "./rewriting.js";

/** A weighted sum of rows is one small matrix product for each sample. On CPUs only: on a GPU, so many small products are slow. */
export const sumByProduct: Rewriting = (_, { sumsByProduct }) =>
  sumsByProduct
    ? { weightedSum: (rows, weights) => rows.made(weightedSum(rows.tensor, weights.tensor, true)) }
    : {};
