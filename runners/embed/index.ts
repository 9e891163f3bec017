import type { Runner } from "../../src/runner.js";

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
  load: async () => (await import("./program.js")).embedProgram,
};
