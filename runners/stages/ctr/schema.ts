import type { JsonSchema } from "../../../src/contract/science.js";
import { backbones } from "./backbones/index.js";

/** Ids of the backbones that come with r4ec. */
export const backboneIds = Object.keys(backbones);

/** Schema of the `backbone` setting. */
export const backboneFragment: JsonSchema = {
  description:
    "The CTR model: an id, or the path (from the spec's folder) of a module of your own that exports a backbone.",
  default: "din",
  anyOf: [
    { enum: backboneIds },
    { type: "string", pattern: "[./\\\\]", description: "Path of a module of your own." },
  ],
};

const layers = (description: string, defaults: readonly number[]): JsonSchema => ({
  type: "array",
  items: { type: "integer", minimum: 1, maximum: 65536 },
  minItems: 1,
  maxItems: 16,
  default: defaults,
  description,
});

/** Schema of the `ctr` block: how a CTR model is sized and trained. Defaults are the reference's. */
export const ctrFragment: JsonSchema = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "Sizes and training of the CTR model.",
  properties: {
    embedding_dim: {
      type: "integer",
      minimum: 1,
      maximum: 4096,
      default: 32,
      description: "Length of the embedding of an item, an attribute or a rating.",
    },
    history_length: {
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 5,
      description: "How many interactions before the target a sample shows.",
    },
    batch_size: {
      type: "integer",
      minimum: 1,
      maximum: 1048576,
      default: 512,
      description: "Samples per optimizer step.",
    },
    learning_rate: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 10,
      default: 0.001,
      description: "Peak learning rate of AdamW.",
    },
    weight_decay: {
      type: "number",
      minimum: 0,
      maximum: 10,
      default: 0,
      description:
        "AdamW's decoupled weight decay; biases and normalisation parameters are exempt.",
    },
    dropout: {
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      description: "Share of activations dropped in the MLPs while training.",
    },
    clip_norm: {
      type: "number",
      minimum: 0,
      default: 0,
      description: "Largest L2 norm of all gradients together; 0 clips nothing.",
    },
    epochs: {
      type: "integer",
      minimum: 1,
      maximum: 100000,
      default: 20,
      description: "Passes over the training samples, at most.",
    },
    patience: {
      type: "integer",
      minimum: 1,
      maximum: 100000,
      default: 5,
      description: "Stop after this many epochs without a better AUC on the picking split.",
    },
    schedule: {
      enum: ["cosine", "constant"],
      default: "cosine",
      description:
        "Course of the learning rate over the optimizer steps: down to 0 along half a cosine, or constant.",
    },
    warmup: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0,
      description: "Share of all optimizer steps over which the learning rate first rises from 0.",
    },
    mlp: layers("Hidden sizes of the final MLP.", [200, 80]),
    adaptor: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "Turns a user's and an item's knowledge vector into features of the backbone.",
      properties: {
        type: {
          enum: ["hea", "moe", "mlp"],
          default: "hea",
          description:
            "hea: shared and specific experts with a gate per side; moe: one set of experts and one gate for both sides; mlp: one network for both sides.",
        },
        shared_experts: {
          type: "integer",
          minimum: 1,
          maximum: 256,
          default: 2,
          description: "Experts that both sides use (hea), or all experts (moe).",
        },
        specific_experts: {
          type: "integer",
          minimum: 1,
          maximum: 256,
          default: 6,
          description: "Experts of each side's own (hea).",
        },
        layers: layers("Sizes of an expert's layers.", [128, 32]),
      },
    },
    pick: {
      enum: ["valid", "test"],
      default: "valid",
      description:
        "Split whose AUC picks the epoch. `test` splits no validation samples off and leaks; every view marks it.",
    },
    fuse: {
      anyOf: [{ enum: ["auto", "off"] }, { type: "integer", minimum: 1, maximum: 1024 }],
      default: "auto",
      description:
        "How many cells of one shape train as one graph: as many as pay (up to 32 on a GPU, one on CPUs, where cells run side by side), at most this many, or none. With `off` a rerun on the same machine is bit-equal, and no result of a cell that trained with others is taken for it.",
    },
    engine: {
      enum: ["auto", "graph", "eager"],
      default: "auto",
      description:
        "graph: the training step is traced into one TensorFlow graph; eager: one operation at a time; auto: graph, and eager where a model can't be traced.",
    },
    xla: {
      anyOf: [{ enum: ["auto"] }, { type: "boolean" }],
      default: "auto",
      description: "Compile the graph with XLA: auto does so on a GPU when the run is long enough.",
    },
    ...Object.fromEntries(Object.values(backbones).map(({ id, options }) => [id, options])),
  },
};
