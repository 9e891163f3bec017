/** What src/toolchain/session-options.h reads. */
const VARIABLE = "R4EC_GRAPH_OPTIMIZER";

/**
 * Makes a session without Grappler, TensorFlow's graph optimizer, which goes through the graph for each new set of
 * fetches: half a second to a second and a half in all. Where XLA optimizes the steps itself, that gains nothing.
 * A binding that r4ec did not build knows no such sessions, and makes a usual one.
 */
export function withoutGrappler<T>(make: () => T): T {
  const before = process.env[VARIABLE];
  process.env[VARIABLE] = "off";
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[VARIABLE];
    else process.env[VARIABLE] = before;
  }
}
