import type { Runner } from "../../../src/contract/runner.js";
import { embeddingHours, KNOWLEDGE, sizeOf, sizesOnly } from "../../base/stage/cost-model.js";

/** Text to vectors, by one of three engines; `params.engine` says which. */
export const embedRunner: Runner = {
  name: "embed",
  version: 1,
  toolchain: (params) => {
    if (params["engine"] === "encoder") return ["tensorflow"];
    return params["engine"] === "sentence-transformers" ? ["llm"] : [];
  },
  resources: (params) => ({
    cpus: params["engine"] === "endpoint" ? 1 : 4,
    gpus: params["engine"] === "sentence-transformers" ? 1 : 0,
  }),
  estimate: ({ params, inputs }) => {
    const texts = sizeOf(inputs["text"], "users.texts") + sizeOf(inputs["text"], "items.texts");
    if (params["engine"] !== "sentence-transformers") return sizesOnly({});
    // BGE-M3 and its like; the LLM's own sizes are not theirs.
    return { ...sizesOnly({}), gpuHours: embeddingHours(0.57, texts * KNOWLEDGE) };
  },
  load: async () => (await import("./program.js")).embedProgram,
};
