import type { GpusSetting } from "../../base/stage/gpus.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { PromptParams } from "../../base/prompts/open.js";

/** `knowledge.infer`, complete; settings that the engine does not read may be missing. */
export interface InferSettings {
  readonly engine: string;
  readonly base_url: string | null;
  readonly model: string | null;
  readonly api_key_env: string | null;
  readonly command: readonly string[];
  readonly adapter_arguments: readonly string[];
  readonly arguments: readonly string[];
  readonly start_timeout_seconds: number;
  readonly max_new_tokens: number;
  readonly cutoff_len: number;
  readonly temperature: number;
  readonly top_p: number;
  readonly batch_size: number;
  readonly concurrency: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly guided: boolean;
  readonly extra: JsonObject;
  readonly cut_tries: number;
  readonly prices: { readonly prompt: number; readonly completion: number };
  readonly gpus: GpusSetting;
  readonly llamafactory: JsonObject;
}

/** What decides a model's answer to a prompt. */
export interface Answering extends JsonObject {
  readonly engine: string;
  readonly max_new_tokens: number;
  readonly temperature: number;
  /** Missing at temperature 0. */
  readonly top_p?: number;
  readonly seed?: number;
  /** Missing where an endpoint answers. */
  readonly cutoff_len?: number;
  readonly llamafactory?: JsonObject;
  /** Name of the model at the endpoint or server, where the spec gives one. */
  readonly served_model?: string;
  /** How the server is started; engine server. */
  readonly command?: readonly string[];
  readonly adapter_arguments?: readonly string[];
  /** Further arguments of a server that r4ec knows; there where they are any. */
  readonly arguments?: readonly string[];
  /** True if answers are guided; otherwise missing. */
  readonly guided?: boolean;
  /** Further fields of the request; there where they are any. */
  readonly extra?: JsonObject;
  /** How often a cut answer is asked again; there where it is. */
  readonly cut_tries?: number;
}

/** How often a cut answer is asked again. */
export const cutTriesOf = ({ cut_tries }: Answering): number => cut_tries ?? 0;

/** Params of think, reflect and refine. */
export interface InferParams extends JsonObject {
  readonly prompts: PromptParams;
  /** think: how many users and items get knowledge; missing: all. */
  readonly users?: number;
  readonly items?: number;
  /** The base model as runners/base/models/model-input.ts names it. */
  readonly model: JsonObject;
  /** LLaMA-Factory's name of the chat template. */
  readonly template: string;
  readonly answer: Answering;
}

/** How think, reflect and refine run. What the engine does not read is missing. */
export interface InferExecution
  extends
    JsonObject,
    Pick<
      InferSettings,
      | "model"
      | "api_key_env"
      | "command"
      | "adapter_arguments"
      | "start_timeout_seconds"
      | "batch_size"
      | "concurrency"
      | "timeout_seconds"
      | "retries"
    > {
  /** Folder of the user's own templates, or null; their text is in the params. */
  readonly prompts: string | null;
  readonly base_url: string;
  readonly gpus?: GpusSetting;
  readonly prices?: InferSettings["prices"];
  /** think: a lesser share of texts is marked as a warning. */
  readonly coverage?: number;
}
