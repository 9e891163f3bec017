import { cellIdOf, fingerprintOf } from "../../src/base/fingerprint.js";
import type { Runner } from "../../src/contract/runner.js";
import type { PlannedStage } from "../../src/plan/index.js";

/** Takes as many cards as its stage says, and up to 32 stages of one shape in a call. */
export const shapeRunner: Runner = {
  name: "model",
  version: 1,
  toolchain: () => [],
  resources: ({ gpus, memory }) =>
    memory === undefined
      ? { cpus: 1, gpus: Number(gpus) }
      : { cpus: 1, gpus: 1, gpuMemory: Number(memory) },
  fusion: (params) => ({ key: String(params["shape"]), limit: 32 }),
  load: () => Promise.reject(new Error("not here")),
};

/** The same without fusion: a stage a call. */
export const aloneRunner: Runner = (({ name, version, toolchain, resources, load }) => ({
  ...{ name, version, toolchain, resources, load },
}))(shapeRunner);

/** A stage that is ready to run: a cell's own where it takes at most one card, and asks for no memory of it. */
export function readyStage(
  seed: number,
  shape: string,
  { gpu = null, gpus = 1, memory }: { gpu?: number | null; gpus?: number; memory?: number } = {},
): PlannedStage {
  const params = { seed, shape, gpus, ...(memory !== undefined && { memory }) };
  const identity = { runner: "model", version: 1, params, inputs: {}, files: {} };
  const record = { ...identity, fingerprint: fingerprintOf(identity), label: `${shape} ${seed}` };
  const cells = gpus <= 1 && memory === undefined ? [cellIdOf(params)] : [];
  return { record, runner: shapeRunner, execution: { gpu }, files: {}, needs: [], cells };
}
