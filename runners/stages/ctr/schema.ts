import type { JsonSchema } from "../../../src/contract/science.js";
import { backbones } from "./backbones/index.js";
import { BIAS } from "./bias/stage.js";
import { ownProgramFragment } from "./own-program/schema.js";
import { anyOf, block, choice, count, flag, number, sizes } from "./setting-schema.js";
import type { Table } from "./table.js";

/** Ids of the backbones that come with r4ec. */
export const backboneIds = Object.keys(backbones);

/** Schema of the `backbone` setting. */
export const backboneFragment: JsonSchema = {
  description:
    "The CTR model: an id, the path (from the spec's folder) of a module of your own that exports a backbone, or a program of your own.",
  default: "din",
  anyOf: [
    {
      enum: [...backboneIds, BIAS],
      description:
        "An id. bias is not a network: it adds the logits of the like rates of the item and of the user, and is one cell for each data set and split.",
    },
    { type: "string", pattern: "[./\\\\]", description: "Path of a module of your own." },
    ownProgramFragment,
  ],
};

/** Settings of `ctr.adaptor`. */
export const adaptorSettings = {
  type: choice(
    "The sides are users and items. hea: shared experts, experts of each side, and a gate for each side; moe: one set of experts and one gate for both sides; mlp: one network for both sides.",
    ["hea", "moe", "mlp"],
  ),
  shared_experts: count("Experts that both sides use (hea), or all experts (moe).", 2, 256),
  specific_experts: count("Experts that each side has for itself (hea).", 6, 256),
  layers: sizes("Sizes of an expert's layers.", [128, 32]),
};

/**
 * The settings of the `ctr` block, a row each; defaults are the reference's. Types, schema, stage
 * parameters and the grouping of cells follow from it. The options of the backbones, which each
 * backbone declares itself, stand in the block beside these.
 */
export const ctrTable = {
  embedding_dim: {
    use: "shared",
    setting: count("Length of the embedding of an item, an attribute or a rating.", 32, 4096),
  },
  user_id: {
    use: "shared",
    leftOutAtDefault: true,
    setting: flag(
      "Give the model an embedding of the user's id, as one more field. A user without training samples gets the mean of the other users' embeddings.",
      false,
    ),
  },
  history_length: {
    use: "shared",
    setting: count("The number of interactions before the target that a sample includes.", 5, 1000),
  },
  batch_size: {
    use: "shared",
    setting: count("Samples in one optimizer step.", 512, 1048576),
  },
  learning_rate: {
    use: "replica",
    setting: number("Peak learning rate of AdamW.", 0.001, { exclusiveMinimum: 0, maximum: 10 }),
  },
  weight_decay: {
    use: "replica",
    setting: number(
      "AdamW's decoupled weight decay; biases and normalisation parameters are exempt.",
      0,
      { minimum: 0, maximum: 10 },
    ),
  },
  dropout: {
    use: "replica",
    setting: number("Dropout rate in the MLPs during training.", 0, {
      minimum: 0,
      exclusiveMaximum: 1,
    }),
  },
  clip_norm: {
    use: "replica",
    setting: number(
      "Gradients are scaled down where the L2 norm of all of them together is larger than this; 0: no clipping.",
      0,
      {
        minimum: 0,
      },
    ),
  },
  epochs: {
    use: "replica",
    setting: count("The largest number of passes over the training samples.", 20, 100000),
  },
  patience: {
    use: "replica",
    setting: count(
      "Stop after this many epochs without a better AUC on the picking split.",
      5,
      100000,
    ),
  },
  schedule: {
    use: "replica",
    setting: choice(
      "How the learning rate changes over the optimizer steps: cosine (it falls to 0 along half a cosine), or constant.",
      ["cosine", "constant"],
    ),
  },
  warmup: {
    use: "replica",
    setting: number(
      "Share of all optimizer steps in which the learning rate rises from 0 (warm-up).",
      0,
      { minimum: 0, maximum: 1 },
    ),
  },
  mlp: {
    use: "shared",
    setting: sizes("Hidden sizes of the final MLP.", [200, 80]),
  },
  adaptor: {
    use: "shared",
    setting: block(
      "Turns a user's and an item's knowledge vector into features of the backbone.",
      adaptorSettings,
    ),
  },
  pick: {
    use: "shared",
    setting: choice(
      "The split whose AUC picks the best epoch. `test` holds no validation samples out and leaks test labels; every view marks such results.",
      ["valid", "test"],
    ),
  },
  fuse: {
    use: "execution",
    setting: anyOf<"auto" | "off" | number>(
      "How many cells of one shape train together as one graph. auto: as many as save time (up to 32 on a GPU; one on CPUs, where cells run side by side); a number: at most this many; off: each cell alone. With `off` a second run on the same machine gives the same bits, and the result of a cell that trained together with others is not reused.",
      "auto",
      [{ enum: ["auto", "off"] }, { type: "integer", minimum: 1, maximum: 1024 }],
    ),
  },
  engine: {
    use: "execution",
    rounding: true,
    setting: choice(
      "graph: the training step is traced into one TensorFlow graph; eager: operations run one at a time; auto: graph, or eager where a model cannot be traced.",
      ["auto", "graph", "eager"],
    ),
  },
  xla: {
    use: "execution",
    rounding: true,
    setting: anyOf<"auto" | boolean>(
      "Compile the graph with XLA. auto: on a GPU, if the run is long enough for it to save time.",
      "auto",
      [{ enum: ["auto"] }, { type: "boolean" }],
    ),
  },
} as const satisfies Table;

/** Schema of the `ctr` block: how a CTR model is sized and trained. */
export const ctrFragment: JsonSchema = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "Sizes and training of the CTR model.",
  properties: {
    ...Object.fromEntries(Object.entries(ctrTable).map(([name, { setting }]) => [name, setting])),
    ...Object.fromEntries(Object.values(backbones).map(({ id, options }) => [id, options])),
  },
};

/** Schema of `resources.ctr_per_gpu`. */
export const ctrPerGpu: JsonSchema = {
  description:
    "The number of CTR trainings that share one GPU: while one sets up or compiles its graph, others compute.",
  type: "integer",
  minimum: 1,
  maximum: 256,
  default: 12,
};
