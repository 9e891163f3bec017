import { lookUp, selectRows } from "../toolkit/operations.js";
import type { Rewriting } from "./rewriting.js";

/** Tables of up to this many rows get their gradient by a product. */
const smallTable = 64;

/**
 * The gradient of a look-up is, for each row of the table, the sum over all places where the row was
 * used. In a small table, a scatter adds almost everything to the same few rows, one after another. A
 * product with the ids as a matrix of ones and zeros has no such conflict. The same holds for rows
 * selected by fixed places; there the product is also faster than a scatter on a middle axis.
 */
export const gradientByProduct: Rewriting = (below) => ({
  lookUp: (tables, ids) =>
    tables.shape[1]! <= smallTable ? lookUp(tables, ids, "product") : below.lookUp(tables, ids),
  selectRows,
});
