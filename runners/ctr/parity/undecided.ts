import type { GoldenCase } from "./case.js";

/**
 * Why rounding decides what a parameter becomes, or null where it does not. Only gradients that are
 * zero in exact arithmetic count: Adam divides what rounding left of them by its own size.
 */
export function undecided(_golden: GoldenCase, name: string): string | null {
  if (name === "intra_item_attn.in_proj_bias") {
    return "the keys' bias adds the same to all of a query's scores, which softmax takes out";
  }
  return null;
}
