import type { JsonObject } from "../../../../src/base/json.js";
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
  /** The share of a card that it takes; missing: all of one. */
  readonly gpus?: number;
}
