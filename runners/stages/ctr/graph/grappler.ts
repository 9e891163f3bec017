/** What src/toolchain/session-options.h reads: `off`, `on` or nothing. */
export const OPTIMIZER_VARIABLE = "R4EC_GRAPH_OPTIMIZER";

/**
 * Makes a session without Grappler, TensorFlow's graph optimizer, and without its smaller one, which folds constants:
 * both go through the graph for each new set of fetches. XLA optimizes the steps itself; what is beside them is called
 * too seldom to make up for it. `R4EC_GRAPH_OPTIMIZER=on` keeps both. A binding that r4ec did not build knows no such
 * sessions, and makes a usual one.
 */
export function withoutGrappler<T>(make: () => T): T {
  const before = process.env[OPTIMIZER_VARIABLE] ?? "";
  if (before === "on") return make();
  process.env[OPTIMIZER_VARIABLE] = "off";
  try {
    return make();
  } finally {
    // Only the value changes: TensorFlow's threads may be reading the environment (process.ts).
    process.env[OPTIMIZER_VARIABLE] = before;
  }
}
