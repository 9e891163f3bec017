import { attendByHeads } from "./attention.js";
import { project, type Layer } from "./dense.js";
import { xavierNormal, zeros, type Initial } from "./initial.js";
import type { Kit } from "./kit.js";

export interface HeadsOptions {
  readonly heads: number;
  /** Width of one head. */
  readonly size: number;
  /** Of the projections to queries, keys and values; default none. */
  readonly bias?: boolean;
  /** Of those projections; default Xavier normal, each on its own. */
  readonly initial?: Initial;
  /** As the reference splits heads: see `contiguous` in attention.ts. */
  readonly contiguous?: boolean;
}

/**
 * Scaled dot-product attention of rows to themselves (Vaswani et al. 2017, eq. 1): heads · size
 * numbers a row. Queries, keys and values come from one product.
 */
export function multiHeadAttention(
  kit: Kit,
  name: string,
  width: number,
  { heads, size, bias = false, initial, contiguous = false }: HeadsOptions,
): Layer {
  const inner = heads * size;
  const start = initial ?? xavierNormal(width, inner);
  const kernel = kit.parameters.add(`${name}.kernel`, [width, 3 * inner], start, true);
  const offset = bias ? kit.parameters.add(`${name}.bias`, [3 * inner], zeros, false) : null;
  return (rows) => {
    const [q, k, v] = project(rows, kernel, offset).split([inner, inner, inner]);
    return attendByHeads(kit, q!, k!, v!, { heads, scale: Math.sqrt(size), contiguous });
  };
}
