import type { StageTask } from "../../../src/contract/runner.js";
import { programOf } from "../../base/stage/program.js";
import type { Embedder } from "./embedder.js";
import { ENCODER_MAX_TOKENS, loadEncoder } from "./encoder.js";
import { embedTexts } from "./run.js";
import type { EmbedEngine } from "./schema.js";

/** Loads the engine that a stage names. */
async function loadEmbedder(task: StageTask): Promise<Embedder> {
  switch (task.params["engine"] as EmbedEngine) {
    case "encoder":
      return loadEncoder((task.params["max_tokens"] as number | undefined) ?? ENCODER_MAX_TOKENS);
    case "sentence-transformers":
      return (await import("./sentence-transformers.js")).loadSentenceTransformers(task);
    case "endpoint":
      return (await import("./endpoint.js")).loadEndpoint(task);
  }
}

/** Text to vectors. */
export const embedProgram = programOf((task) => embedTexts(task, loadEmbedder));
