import { canonicalJson } from "../../../src/base/json.js";
import type { Runner } from "../../../src/contract/runner.js";
import { estimateCtr } from "./estimate.js";
import { type CtrExecution, type CtrParams, sharedParams } from "./settings.js";

/**
 * Most cells of one shape that `ctr.fuse: auto` puts into one graph; memory may allow fewer. On CPUs
 * cells that run side by side, a core each, are faster than fused ones (docs/performance.md).
 */
const mostFused = { cards: 32, cpus: 1 } as const;

/** Trains and tests one CTR model for each task. Ready tasks of one shape train as one graph. */
export const ctrRunner: Runner<CtrParams, CtrExecution> = {
  name: "ctr",
  version: 5,
  toolchain: () => ["tensorflow"],
  resources: () => ({ cpus: 1, gpus: 0.25 }),
  fusion(params, execution, cards) {
    const { fuse } = execution;
    if (fuse === "off" || fuse === 1) return undefined;
    return {
      key: canonicalJson({ params: sharedParams(params), execution }),
      limit: fuse === "auto" ? mostFused[cards > 0 ? "cards" : "cpus"] : fuse,
    };
  },
  estimate: estimateCtr,
  load: async () => (await import("./program.js")).program,
};
