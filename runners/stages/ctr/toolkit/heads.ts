import type { Layer } from "./dense.js";
import { xavierNormal, zeros, type Initial } from "./initial.js";
import type { LayerContext } from "./context.js";

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
  /** As the reference splits heads: see `contiguous` in attend.ts. */
  readonly contiguous?: boolean;
}

/**
 * Scaled dot-product attention of rows to themselves (Vaswani et al. 2017, eq. 1): heads · size
 * numbers a row. Queries, keys, values and the residual's projection come from one product.
 */
export function multiHeadAttention(
  kit: LayerContext,
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
  const attention = { kernel, bias: offset, parts, heads, size, contiguous };
  return (rows) => {
    const { attended, rest } = rows.forward.ways.attendToSelf(rows, attention);
    const dropped = kit.dropout(attended);
    if (!residual) return dropped;
    return dropped.add(projected ? rest! : rows);
  };
}
