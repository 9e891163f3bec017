import type { GpusSetting } from "../../base/stage/gpus.js";
import type { JsonObject } from "../../../src/base/json.js";

/** `knowledge.finetune`, complete with defaults (schema.ts). */
export interface FinetuneSettings {
  readonly lora_rank: number;
  readonly lora_alpha: number | null;
  readonly lora_dropout: number;
  readonly lora_target: string;
  readonly cutoff_len: number;
  readonly batch_size: number;
  readonly micro_batch_size: number;
  readonly learning_rate: number;
  readonly epochs: number;
  readonly schedule: string;
  readonly warmup_ratio: number;
  readonly validation: number;
  readonly precision: "auto" | "bf16" | "fp16" | "fp32";
  readonly save_steps: number;
  readonly gpus: GpusSetting;
  readonly samples: {
    readonly thinking: string | null;
    readonly refinement: string | null;
    readonly reflection: string | null;
  };
  readonly llamafactory: JsonObject;
  readonly actor: JsonObject;
  /** Missing where the variant has no reflector. */
  readonly reflector?: JsonObject;
}

/** Which of the two models a stage trains. */
export type Role = "actor" | "reflector";

/** Params of a finetune stage. */
export interface FinetuneParams extends JsonObject {
  readonly role: Role;
  /** The base model as runners/base/models/model-input.ts names it. */
  readonly model: JsonObject;
  /** LLaMA-Factory's name of the chat template. */
  readonly template: string;
  readonly seed: number;
  /** Classes of samples, by the input that holds them. */
  readonly samples: { readonly [input: string]: readonly string[] };
  /** LLaMA-Factory's options, r4ec's and the user's merged. */
  readonly options: JsonObject;
  /** Samples in one optimizer step, over all cards together. */
  readonly batch_size: number;
}

/** How a finetune stage runs. This changes a result by rounding at most. */
export interface FinetuneExecution extends JsonObject {
  readonly micro_batch_size: number;
  readonly save_steps: number;
  readonly precision: "auto" | "bf16" | "fp16" | "fp32";
  readonly gpus: GpusSetting;
}

/** True where the spec brings samples of its own, so that no teacher is asked. */
export const bringsSamples = (settings: FinetuneSettings): boolean =>
  Object.values(settings.samples).some((file) => file !== null);
