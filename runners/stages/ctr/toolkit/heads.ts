import type { Layer } from "./dense.js";
import { xavierNormal, zeros, type Initial } from "./initial.js";
import type { LayerContext } from "./context.js";

export interface HeadsOptions {
  readonly heads: number;
  /** Width of one head. */
  readonly size: number;
  /** Whether the projections to queries, keys and values have a bias; default false. */
  readonly bias?: boolean;
  /** Initial values of these projections; default Xavier normal for each. */
  readonly initial?: Initial;
  /** Whether the rows are added to the result, projected if their width differs; default false. */
  readonly residual?: boolean;
  /** Whether heads are split as in the reference, see `contiguous` in attend.ts; default false. */
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
