import type { Allocation } from "../../../src/contract/runner.js";
import { OPTIMIZER_VARIABLE } from "./graph/grappler.js";
import { keepCompiled } from "./xla-cache.js";
import { withCardFlags } from "./xla-flags.js";

/**
 * Tells TensorFlow, before it is loaded, what it may use: threads, cards, and no more of a card's
 * memory than it needs, so that several processes can share one. What the environment sets already
 * stays, but for the threads of an operation on a CPU.
 */
export function prepareProcess({ gpus, threads }: Allocation): void {
  const set = (name: string, value: string): void => {
    process.env[name] ??= value;
  };
  set("TF_CPP_MIN_LOG_LEVEL", "2");
  // There from the start: later only its value changes (graph/grappler.ts).
  set(OPTIMIZER_VARIABLE, "");
  // On a CPU a step's operations are small: running several at once pays, cutting one up does not, and
  // what comes out does not depend on the number of threads.
  if (gpus.length === 0) process.env["TF_NUM_INTRAOP_THREADS"] = "1";
  set("TF_NUM_INTRAOP_THREADS", String(Math.max(1, threads)));
  set("TF_NUM_INTEROP_THREADS", String(Math.max(1, threads)));
  set("CUDA_VISIBLE_DEVICES", gpus.join(","));
  set("TF_FORCE_GPU_ALLOW_GROWTH", "true");
  if (gpus.length > 0) process.env["XLA_FLAGS"] = withCardFlags(process.env["XLA_FLAGS"]);
  keepCompiled(gpus);
}
