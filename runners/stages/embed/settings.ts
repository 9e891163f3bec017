import type { GpusSetting } from "../../base/stage/gpus.js";

/** `knowledge.embed`, complete. A setting that the engine does not read may be missing. */
export interface EmbedSettings {
  readonly engine: string;
  readonly model: string | null;
  readonly revision: string | null;
  readonly pooling: "auto" | "cls" | "mean";
  readonly normalize: boolean;
  readonly dimension: number | null;
  readonly max_tokens: number | null;
  readonly batch_size: number;
  readonly gpus?: GpusSetting;
  /** Whether a later stage subtracts the mean. */
  readonly center: boolean;
  readonly base_url: string | null;
  readonly api_key_env: string | null;
  readonly concurrency: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly prices: { readonly prompt: number };
}
