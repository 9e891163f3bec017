import type { JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";

/** Overrides for one of the two models: the same names as in LLaMA-Factory's configuration. */
const overrides = (description: string): JsonObject => ({
  description,
  type: "object",
  additionalProperties: true,
  default: {},
});

const samples = (what: string): JsonObject => ({
  description: `What ${what}; null: none.`,
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
      description: "Scale of the adapter, over its rank; null: twice the rank.",
      type: ["integer", "null"],
      minimum: 1,
      default: null,
    },
    lora_dropout: {
      description: "Dropout on the adapter's input.",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
    },
    lora_target: {
      description:
        "Layers that get an adapter: all linear ones, or their names with commas between.",
      type: "string",
      minLength: 1,
      default: "all",
    },
    cutoff_len: {
      description: "Samples are cut to so many tokens.",
      type: "integer",
      minimum: 16,
      default: 2048,
    },
    batch_size: {
      description: "Samples per optimizer step, over all cards.",
      type: "integer",
      minimum: 1,
      default: 16,
    },
    micro_batch_size: {
      description: "Samples at once on one card; the rest of a batch is accumulated.",
      type: "integer",
      minimum: 1,
      default: 1,
    },
    learning_rate: {
      description: "Learning rate at its highest.",
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
      description: "How the learning rate goes down after warming up, by LLaMA-Factory's name.",
      type: "string",
      minLength: 1,
      default: "cosine",
    },
    warmup_ratio: {
      description: "Share of the steps over which the learning rate rises from 0.",
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.1,
    },
    validation: {
      description: "Share of the samples kept for validation; 0: none.",
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
      description: "Optimizer steps between checkpoints, from which a killed stage goes on.",
      type: "integer",
      minimum: 1,
      default: 100,
    },
    gpus: {
      description: "Cards that one fine-tuning uses.",
      type: "integer",
      minimum: 1,
      default: 1,
    },
    samples: {
      description:
        "Samples of your own in place of a teacher's: JSON files, each a list of {prompt, answer} (or {instruction, input, output}); then no teacher is asked.",
      type: "object",
      additionalProperties: false,
      properties: {
        thinking: samples("the actor learns to think from"),
        refinement: samples("the actor learns to refine from; variant r4ec"),
        reflection: samples("the reflector learns to judge from; variant r4ec"),
      },
      default: {},
    },
    llamafactory: overrides(
      "Options of LLaMA-Factory's own, added to its configuration or put in place of r4ec's.",
    ),
    actor: overrides("The same for the actor alone."),
    reflector: overrides("The same for the reflector alone; variant r4ec."),
  },
  default: {},
};
