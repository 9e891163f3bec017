import type { Runner } from "../../../src/contract/runner.js";
import { keyNamedBy } from "../../base/chat/key-variable.js";
import { engineNamed } from "../../base/stage/engine.js";
import { inferEngines } from "./engines/index.js";
import { estimateInfer } from "./estimate.js";
import type { InferExecution, InferParams } from "./settings.js";

/** A runner of stages that ask a model; they differ in their program alone. */
const runner = (name: "think" | "reflect" | "refine"): Runner<InferParams, InferExecution> => ({
  name,
  version: 2,
  toolchain: ({ answer }) => engineNamed(inferEngines, answer.engine).toolchain,
  resources: ({ answer }, execution) =>
    engineNamed(inferEngines, answer.engine).resources(execution),
  variables: keyNamedBy("knowledge.infer.api_key_env"),
  tighten: (params, execution, times) =>
    engineNamed(inferEngines, params.answer.engine).tighten?.(params, execution, times) ?? null,
  estimate: (stage) => estimateInfer(name, stage),
  load: async () => (await import("./program.js")).programs[name],
});

/** Stages in which actor and reflector write about users and items. */
export const inferRunners = [runner("think"), runner("reflect"), runner("refine")] as const;
