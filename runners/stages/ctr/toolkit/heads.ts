import { attendByHeads } from "./attention.js";
import { project, type Layer } from "./dense.js";
import { xavierNormal, zeros, type Initial } from "./initial.js";
import type { LayerContext } from "./context.js";
import { matMul } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";

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
  // For one head, q · kᵀ = x Wq (x Wk)ᵀ = (x Wq Wkᵀ) · xᵀ, which is less work where x is narrow.
  if (kit.rewrites.has("one-head-matrix") && heads === 1 && offset === null && width < 2 * size) {
    return (rows) => {
      const [q, k, v, rest] = tf.split(kernel, parts, 2) as Tensor[];
      const meeting = tf.mul(matMul(q!, k!, true), 1 / Math.sqrt(size));
      const weights = kit.dropout(project(rows, meeting, null).dots(rows).softmax());
      const attended = kit.dropout(weights.times(project(rows, v!, null)));
      if (!residual) return attended;
      return attended.add(projected ? project(rows, rest!, null) : rows);
    };
  }
  return (rows) => {
    const [q, k, v, rest] = project(rows, kernel, offset).split(parts);
    const attended = kit.dropout(
      attendByHeads(kit, q!, k!, v!, { heads, scale: Math.sqrt(size), contiguous }),
    );
    return residual ? attended.add(projected ? rest! : rows) : attended;
  };
}
