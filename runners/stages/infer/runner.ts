import type { Runner } from "../../../src/contract/runner.js";
import { estimateInfer } from "./estimate.js";
import { logCommand } from "./log-command.js";

/** A runner of stages that ask a model; they differ in their program alone. */
const runner = (name: "think" | "reflect" | "refine"): Runner => ({
  name,
  version: 1,
  toolchain: (params) => (engineOf(params) === "endpoint" ? [] : ["llm"]),
  resources: (params, execution) =>
    engineOf(params) === "endpoint"
      ? { cpus: 1, gpus: 0 }
      : { cpus: 4, gpus: Number(execution["gpus"] ?? 1) },
  estimate: (stage) => estimateInfer(name, stage),
  load: async () => (await import("./program.js")).programs[name],
});

const engineOf = (params: { readonly [name: string]: unknown }): string =>
  (params["answer"] as { readonly engine: string }).engine;

/** Stages that run the fine-tuned models. */
export const inferRunners: readonly Runner[] = [
  runner("think"),
  runner("reflect"),
  runner("refine"),
];

/** Commands about what the models wrote. */
export const inferCommands = [logCommand] as const;
