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
  /** Adds the rows themselves, through a projection where their width is another; default not. */
  readonly residual?: boolean;
  /** As the reference splits heads: see `contiguous` in attention.ts. */
  readonly contiguous?: boolean;
}

/**
 * Scaled dot-product attention of rows to themselves (Vaswani et al. 2017, eq. 1): heads · size
 * numbers a row. Queries, keys, values and the residual's projection come from one product.
 */
export function multiHeadAttention(
  kit: Kit,
  name: string,
  width: number,
  { heads, size, bias = false, initial, residual = false, contiguous = false }: HeadsOptions,
): Layer {
  const inner = heads * size;
  const projected = residual && width !== inner;
  const parts = Array.from({ length: projected ? 4 : 3 }, () => inner);
  const start = initial ?? xavierNormal(width, inner);
  const outer = parts.length * inner;
  const kernel = kit.parameters.add(`${name}.kernel`, [width, outer], start, true);
  const offset = bias ? kit.parameters.add(`${name}.bias`, [outer], zeros, false) : null;
  return (rows) => {
    const [q, k, v, rest] = project(rows, kernel, offset).split(parts);
    const attended = kit.dropout(
      attendByHeads(kit, q!, k!, v!, { heads, scale: Math.sqrt(size), contiguous }),
    );
    return residual ? attended.add(projected ? rest! : rows) : attended;
  };
}
