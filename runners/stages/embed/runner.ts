import type { Runner } from "../../../src/contract/runner.js";
import { keyNamedBy } from "../../base/chat/key-variable.js";
import { KNOWLEDGE, sizeOf, sizesOnly } from "../../base/stage/cost-model.js";
import { engineNamed } from "../../base/stage/engine.js";
import type { EmbedParams } from "./engines/engine.js";
import { embedEngines } from "./engines/index.js";

const engineOf = ({ engine }: EmbedParams) => engineNamed(embedEngines, engine);

/** Text to vectors, by the engine that the parameters name. */
export const embedRunner: Runner<EmbedParams> = {
  name: "embed",
  version: 1,
  toolchain: (params) => engineOf(params).toolchain,
  resources: (params, execution) => engineOf(params).resources(execution),
  variables: keyNamedBy("knowledge.embed.api_key_env"),
  estimate: ({ params, inputs: { text } }) => {
    const texts = sizeOf(text, "users.texts") + sizeOf(text, "items.texts");
    return { ...sizesOnly({}), gpuHours: engineOf(params).gpuHours(texts * KNOWLEDGE) };
  },
  load: async () => (await import("./program.js")).program,
};
