import type { Runner } from "../../../../src/contract/runner.js";
import { ctrHours, sizeOf, sizesOnly } from "../../../base/stage/cost-model.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";

/** Runs a program of the user's own and tests its predictions (docs/program-backbone.md). */
export const ownProgramRunner: Runner<OwnProgramParams, OwnProgramExecution> = {
  name: "program",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0.25 }),
  estimate: ({ params, inputs }) => ({
    ...sizesOnly({}),
    gpuHours: ctrHours(sizeOf(inputs["arrays"], "train.samples") * Number(params.ctr["epochs"])),
  }),
  load: async () => (await import("./program.js")).program,
};
