import { requestsAtOnce } from "../../../base/chat/at-once.js";
import { checkExtra } from "../../../base/chat/extra.js";
import type { ModelServer } from "../../../base/chat/model-server.js";
import { cardsAsked, checkGpus } from "../../../base/stage/gpus.js";
import type { InferEngine } from "./engine.js";
import { asked, gpus, serverArguments, start_timeout_seconds } from "./shared-settings.js";

/** A server that r4ec knows how to start: no command is to be written. */
const modelServerEngine = (
  name: ModelServer,
  { description, toolchain }: Pick<InferEngine, "description" | "toolchain">,
): InferEngine => ({
  name,
  description,
  settings: {
    arguments: serverArguments,
    start_timeout_seconds,
    ...asked,
    gpus,
  },
  decides: [],
  takesAdapters: true,
  bringsTemplate: true,
  check: ({ extra: fields, gpus: cards }, where) => [
    ...checkExtra(fields, `${where}.extra`),
    ...checkGpus(cards, `${where}.gpus`),
  ],
  toolchain,
  resources: (execution) => ({ cpus: 4, ...cardsAsked(execution.gpus) }),
  promptsAtOnce: (execution) =>
    requestsAtOnce(execution.concurrency, name, cardsAsked(execution.gpus).gpus),
  load: async (task) => (await import("../server.js")).loadModelServer(task, name),
});

/** The small server that comes with r4ec. */
export const own = modelServerEngine("r4ec", {
  description: "r4ec's own small server, which it starts itself",
  toolchain: ["llm.serve"],
});

/** vLLM, of the LLM environment or else of the PATH: no module is asked of the environment. */
export const vllm = modelServerEngine("vllm", {
  description: "vLLM, which r4ec starts itself, where the LLM environment or the PATH has it",
  toolchain: ["llm"],
});
