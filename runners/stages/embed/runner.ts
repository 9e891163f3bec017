import type { Runner } from "../../../src/contract/runner.js";
import { canonicalJson } from "../../../src/base/json.js";
import { keyNamedBy } from "../../base/chat/key-variable.js";
import { KNOWLEDGE, pricesOf, sizeOf, sizesOnly } from "../../base/stage/cost-model.js";
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
  estimate: ({ params, execution, inputs: { text } }) => {
    const texts = sizeOf(text, "users.texts") + sizeOf(text, "items.texts");
    const tokens = texts * KNOWLEDGE;
    const engine = engineOf(params);
    const { prices } = execution as { readonly prices?: { readonly prompt: number } };
    return {
      ...sizesOnly({}, engine.seconds(texts, tokens)),
      promptTokens: engine.counted ? tokens : 0,
      ...(prices !== undefined && { prices: pricesOf({ ...prices, completion: 0 }) }),
      gpuHours: engine.gpuHours(tokens),
      kinds: [canonicalJson([params.engine, params.model]), params.engine],
    };
  },
  load: async () => (await import("./program.js")).program,
};
