import type { JsonObject } from "../../../src/base/json.js";
import { gpusSetting } from "../../base/stage/gpus.js";
import type { JsonSchema } from "../../../src/contract/science.js";

/** Overrides for one of the two models: the same names as in LLaMA-Factory's configuration. */
const overrides = (description: string): JsonObject => ({
  description,
  type: "object",
  additionalProperties: true,
  default: {},
});

const samples = (what: string): JsonObject => ({
  description: `Samples from which ${what}; null: none.`,
  type: ["string", "null"],
  minLength: 1,
  default: null,
});

/** `knowledge.finetune`. */
export const finetuneFragment: JsonSchema = {
  description: "LoRA fine-tuning of the actor and the reflector by LLaMA-Factory.",
  type: "object",
  additionalProperties: false,
  properties: {
    lora_rank: {
      description: "Rank of the adapter's matrices.",
      type: "integer",
      minimum: 1,
      default: 8,
    },
    lora_alpha: {
      description:
        "Alpha of LoRA: the adapter's output is scaled by alpha ÷ rank; null: twice the rank.",
      type: ["integer", "null"],
      minimum: 1,
      default: null,
    },
    lora_dropout: {
      description: "Dropout rate on the adapter's input.",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
    },
    lora_target: {
      description:
        "Layers that get an adapter: all (every linear layer), or names of layers with commas between them.",
      type: "string",
      minLength: 1,
      default: "all",
    },
    cutoff_len: {
      description: "Samples that are longer than this many tokens are cut.",
      type: "integer",
      minimum: 16,
      default: 2048,
    },
    batch_size: {
      description: "Samples in one optimizer step, over all cards together.",
      type: "integer",
      minimum: 1,
      default: 16,
    },
    micro_batch_size: {
      description:
        "Samples that one card computes at once. Gradients are accumulated until batch_size is reached.",
      type: "integer",
      minimum: 1,
      default: 1,
    },
    learning_rate: {
      description: "The highest learning rate, which is reached after the warm-up.",
      type: "number",
      exclusiveMinimum: 0,
      default: 1e-4,
    },
    epochs: {
      description: "Passes over the samples.",
      type: "number",
      exclusiveMinimum: 0,
      default: 3,
    },
    schedule: {
      description:
        "LLaMA-Factory's name of the schedule by which the learning rate falls after the warm-up.",
      type: "string",
      minLength: 1,
      default: "cosine",
    },
    warmup_ratio: {
      description: "Share of the steps in which the learning rate rises from 0 (warm-up).",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.1,
    },
    validation: {
      description: "Share of the samples that is kept for validation; 0: no validation.",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.05,
    },
    precision: {
      description: "auto: bf16 on a GPU, fp32 on a CPU.",
      type: "string",
      enum: ["auto", "bf16", "fp16", "fp32"],
      default: "auto",
    },
    save_steps: {
      description:
        "Optimizer steps between two checkpoints. A stage that was stopped continues from its last checkpoint.",
      type: "integer",
      minimum: 1,
      default: 100,
    },
    gpus: gpusSetting("one fine-tuning"),
    samples: {
      description:
        "Your own samples, used instead of a teacher's: JSON files, each with a list of {prompt, answer} or of {instruction, input, output}. Then no teacher is asked.",
      type: "object",
      additionalProperties: false,
      properties: {
        thinking: samples("the actor learns to think"),
        refinement: samples("the actor learns to refine; only for variant r4ec"),
        reflection: samples("the reflector learns to judge; only for variant r4ec"),
      },
      default: {},
    },
    llamafactory: overrides(
      "LLaMA-Factory's own options. They are added to its configuration, and replace the options that r4ec sets.",
    ),
    actor: overrides("Settings of `finetune` that are different for the actor."),
    reflector: overrides(
      "Settings of `finetune` that are different for the reflector; only for variant r4ec.",
    ),
  },
  default: {},
};
