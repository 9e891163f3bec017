import type { JsonObject } from "../../../../src/base/json.js";
import type { EmbedParams } from "./engine.js";

/** What decides a vector of an embeddings endpoint. */
export interface EndpointParams extends EmbedParams {
  readonly engine: "endpoint";
  readonly model: { readonly name: string };
  readonly normalize: boolean;
  readonly dimension?: number;
  /** True with a dimension: its vectors have that width, whatever the server sent. */
  readonly fitted?: boolean;
}

/** How the endpoint is reached and asked. */
export interface EndpointExecution extends JsonObject {
  readonly base_url: string;
  readonly api_key_env: string | null;
  readonly batch_size: number;
  readonly concurrency: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly prices: { readonly prompt: number };
}
