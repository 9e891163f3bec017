import type { GoldenCase } from "./case.js";

/**
 * Why rounding decides what a parameter becomes, or null where it does not. Only gradients that are
 * zero in exact arithmetic count: Adam divides what rounding left of them by its own size.
 */
export function undecided({ expect }: GoldenCase, name: string): string | null {
  if (name === "intra_item_attn.in_proj_bias") {
    return "the keys' bias adds the same to all of a query's scores, which softmax takes out";
  }
  const norms = Object.values(expect.grads).map((gradient) => gradient?.l2 ?? 0);
  const norm = expect.grads[name]?.l2 ?? 0;
  // float32 keeps 7 digits: what is smaller than that beside the others is what rounding left.
  if (norm > 0 && norm < 1e-7 * Math.max(...norms)) {
    return `its gradient is zero apart from rounding (norm ${norm.toExponential(1)})`;
  }
  return null;
}
