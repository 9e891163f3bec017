import type { JsonObject } from "../../../../src/base/json.js";
import type { GpusSetting } from "../../../base/stage/gpus.js";
import type { EmbedParams } from "./engine.js";

/** What decides a vector of sentence-transformers. */
export interface SentenceTransformersParams extends EmbedParams {
  readonly engine: "sentence-transformers";
  readonly pooling: "auto" | "cls" | "mean";
  readonly normalize: boolean;
  readonly dimension?: number;
  readonly max_tokens?: number;
}

/** How sentence-transformers runs. */
export interface SentenceTransformersExecution extends JsonObject {
  readonly batch_size: number;
  /** How much of a card it takes; missing: all of one. */
  readonly gpus?: GpusSetting;
}
