import type { Usage } from "../contract/usage.js";
import { addUsage, NO_USAGE } from "../contract/usage.js";
import type { StageState } from "./state.js";

/**
 * What some stages of a sweep paid in it: a stage that was found in the store paid in another sweep.
 * Null where none of them paid.
 */
export function paidBy(stages: Iterable<StageState>): Usage | null {
  let sum: Usage | null = null;
  for (const { status, usage } of stages) {
    if (usage !== null && status !== "cached") sum = addUsage(sum ?? NO_USAGE, usage);
  }
  return sum;
}
