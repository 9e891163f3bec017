import type { Device } from "../device.js";
import { plainWays } from "../toolkit/plain.js";
import type { Ways } from "../toolkit/expression.js";
import type { Value } from "../toolkit/value.js";
import { gradientByProduct } from "./gradient-by-product.js";
import { meansByShares } from "./means-by-shares.js";
import { oneHeadMatrix } from "./one-head-matrix.js";
import { pieces } from "./pieces.js";
import { productByTable } from "./product-by-table.js";
import type { Rewrite, Rewrites } from "./index.js";
import type { Rewriting } from "./rewriting.js";
import { sharedLookup } from "./shared-lookup.js";
import { splitKernels } from "./split-kernels.js";
import { sumByProduct } from "./sum-by-product.js";
import { sumsFirst } from "./sums-first.js";

/** The rewrites of a model, each on top of those before it. */
const rewritings: readonly (readonly [Rewrite, Rewriting])[] = [
  ["gradient-by-product", gradientByProduct],
  ["sum-by-product", sumByProduct],
  ["split-kernels", splitKernels],
  ["one-head-matrix", oneHeadMatrix],
  ["pieces", pieces],
  ["shared-lookup", sharedLookup],
  ["means-by-shares", meansByShares],
  ["product-by-table", productByTable],
  ["sums-first", sumsFirst],
];

/** Names of the rewrites of a model; the others are of training and scoring. */
export const modelRewrites: readonly Rewrite[] = rewritings.map(([name]) => name);

/** The plain ways with these rewrites on top. */
export const waysOf = (rewrites: Rewrites, device: Device): Ways<Value> =>
  rewritings
    .filter(([name]) => rewrites.has(name))
    .reduce((ways, [, rewriting]) => ({ ...ways, ...rewriting(ways, device) }), plainWays);
