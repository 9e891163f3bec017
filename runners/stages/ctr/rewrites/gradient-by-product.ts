import { lookUp, selectRows } from "../toolkit/operations.js";
import type { Rewriting } from "./rewriting.js";

/** Tables of up to this many rows get their gradient by a product. */
const smallTable = 64;

/**
 * The gradient of a look-up adds up what came to each row of the table. In a small table a scatter
 * would add all of it to the same few rows; a product with the ids as ones and zeros does not wait.
 * The same holds for rows picked by fixed places, where it also beats scattering on a middle axis.
 */
export const gradientByProduct: Rewriting = (below) => ({
  lookUp: (tables, ids) =>
    tables.shape[1]! <= smallTable ? lookUp(tables, ids, "product") : below.lookUp(tables, ids),
  selectRows,
});
