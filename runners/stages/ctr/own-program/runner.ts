import { canonicalJson } from "../../../../src/base/json.js";
import type { Runner } from "../../../../src/contract/runner.js";
import { ctrHours, gpuSeconds, sizeOf, sizesOnly } from "../../../base/stage/cost-model.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";

/** Runs a program of the user's own and tests its predictions (docs/program-backbone.md). */
export const ownProgramRunner: Runner<OwnProgramParams, OwnProgramExecution> = {
  name: "program",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0.25 }),
  estimate: ({ params, inputs }) => {
    const samples = sizeOf(inputs["arrays"], "train.samples") * Number(params.ctr["epochs"]);
    const gpuHours = ctrHours(samples);
    return {
      ...sizesOnly({}, gpuSeconds(gpuHours)),
      gpuHours,
      kinds: [canonicalJson(params.command)],
    };
  },
  load: async () => (await import("./program.js")).program,
};
