import type { JsonSchema } from "../contract/science.js";
import { clusterFragments } from "./cluster.js";
import { failureFragments } from "./failures.js";

const metricName: JsonSchema = {
  type: "string",
  pattern: "^[A-Za-z0-9_@]+(\\.[A-Za-z0-9_@]+)*$",
};

/** Settings that are the engine's: everything about a sweep that is not the science. */
export const engineFragments: { readonly [key: string]: JsonSchema } = {
  name: {
    description:
      "Name of the experiment, also in MLflow: letters, digits, dots, dashes and underscores.",
    type: "string",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    maxLength: 100,
  },
  description: { description: "What the experiment is about, for readers.", type: "string" },
  extends: {
    description:
      "Files whose settings this file starts from, relative to it; later ones are laid over earlier ones, and this file over all. Mappings merge; lists and single values replace.",
    anyOf: [
      { description: "A file.", type: "string", minLength: 1 },
      {
        description: "Files, the lowest first.",
        type: "array",
        items: { description: "A file.", type: "string", minLength: 1 },
        minItems: 1,
      },
    ],
  },
  seed: {
    description:
      "The cell's seed. Seeds are replicates: results are averaged over seeds, and seeds are never compared with each other.",
    type: "integer",
    minimum: 0,
    maximum: 2147483647,
    default: 1,
  },
  gpu: {
    description:
      "The number of the GPU that cells run on. It does not change a cell's id or result. In a grid it is a list of GPUs that the cells are distributed over; in a zip it assigns a GPU to each cell.",
    type: "integer",
    minimum: 0,
    maximum: 1023,
  },
  select: {
    description:
      "Tunes some axes: of the cells that differ only in these axes, only the one that is best on validation is compared.",
    type: "object",
    additionalProperties: false,
    required: ["metric", "over"],
    properties: {
      metric: {
        ...metricName,
        description:
          "Dotted name of the metric that decides. It must be a metric of the validation split.",
      },
      over: {
        description: "Paths of the axes that are tuned.",
        type: "array",
        items: { description: "Dotted path of an axis of the sweep.", type: "string" },
        minItems: 1,
        uniqueItems: true,
      },
    },
  },
  compare: {
    description: "What `r4ec compare` shows.",
    type: "object",
    additionalProperties: false,
    properties: {
      baseline: {
        description: "Settings, by dotted path, of the cells that all others are compared with.",
        $ref: "#/$defs/point",
      },
      metrics: {
        description: "Metrics to show, in order.",
        type: "array",
        items: { ...metricName, description: "Dotted name of a metric." },
        minItems: 1,
        uniqueItems: true,
      },
      claims: {
        description:
          "Settings, by dotted path, of the variants whose differences are claims. p is corrected for the number of claims within each metric and row. If left out: every variant that is not a control.",
        type: "array",
        items: {
          description: "Settings of the variants whose difference is a claim.",
          $ref: "#/$defs/point",
          type: "object",
          minProperties: 1,
        },
        minItems: 1,
      },
      equivalence: {
        description:
          "For each metric, a difference that is too small to matter (NAME: 0.002). The comparison then says where no difference is larger than this, and whether a gain can be.",
        type: "object",
        additionalProperties: false,
        patternProperties: {
          [metricName["pattern"] as string]: {
            description: "The difference, in the unit of the metric.",
            type: "number",
            exclusiveMinimum: 0,
          },
        },
      },
      test: {
        description:
          "What a test treats as random. all: the units of the test split and the seeds; seeds: only the seeds (Student's paired t-test), so that the result holds for this one test split.",
        enum: ["all", "seeds"],
        default: "all",
      },
    },
  },
  resources: {
    description: "Machines and GPUs that the sweep may use. They do not change a cell's id.",
    type: "object",
    additionalProperties: false,
    properties: {
      gpus: {
        description: "The GPUs that cells are distributed over: all, or a list of their numbers.",
        anyOf: [
          { description: "All GPUs of the machine.", const: "auto" },
          {
            description: "Numbers of the GPUs; with an empty list no GPU is used.",
            type: "array",
            items: { description: "Number of a GPU.", type: "integer", minimum: 0, maximum: 1023 },
            uniqueItems: true,
          },
        ],
      },
      busy_gpus: {
        description:
          "What happens with a GPU of whose memory other programs use a tenth or more. wait: stages take what is left of it, and those that need a whole GPU wait until it is free; use: these programs are not minded. Other sweeps of r4ec are always minded. If left out: wait.",
        enum: ["wait", "use"],
      },
      mps: {
        description:
          "Whether stages that share a GPU compute at the same time there, by NVIDIA's MPS, or take turns. auto: by MPS where the machine has it; the sweep starts it and ends it. If left out: auto.",
        enum: ["auto", "off"],
      },
      cpus: {
        description: "CPU slots: a number, or as many as the machine has cores.",
        anyOf: [
          { description: "As many as the machine has cores.", const: "auto" },
          { description: "This many.", type: "integer", minimum: 1, maximum: 65536 },
        ],
        default: "auto",
      },
    },
  },
  ...clusterFragments,
  ...failureFragments,
  tracking: {
    description: "Where results are logged. This does not change a cell's id.",
    type: "object",
    additionalProperties: false,
    properties: {
      mlflow: {
        description:
          "The MLflow server. If left out: a local server that r4ec starts and keeps running.",
        anyOf: [
          { description: "MLflow is not used; everything is in the journal.", const: "off" },
          {
            description: "An MLflow server.",
            type: "object",
            additionalProperties: false,
            properties: {
              uri: {
                description: "Address of the server.",
                type: "string",
                pattern: "^https?://[^\\s/]",
              },
              experiment: {
                description: "Name of the experiment in MLflow. If left out: `name`.",
                type: "string",
                minLength: 1,
                maxLength: 250,
              },
              artifacts: {
                description:
                  "Which files of artifacts are stored in MLflow. The others stay in the store, and the run lists their names, sizes and sums. If left out: small.",
                anyOf: [
                  { description: "Files of at most 128 KiB, 8 MiB per run.", const: "small" },
                  { description: "Every file.", const: "all" },
                  { description: "No file.", const: "none" },
                ],
              },
            },
          },
        ],
        default: {},
      },
    },
  },
};

/** The `sweep` block; the settings an axis can vary stand in $defs. */
export const sweepFragment: JsonSchema = {
  description:
    "Cells = (grid x every zip group x sample) - exclude + include, over any setting by its dotted path.",
  type: "object",
  additionalProperties: false,
  properties: {
    grid: {
      description:
        "Axes that are crossed with each other. An axis is a list of values for one setting.",
      $ref: "#/$defs/axes",
    },
    zip: {
      description:
        "Groups of axes whose values are taken together: first with first, second with second. The lists of a group have the same length. Groups are crossed with the grid and with each other.",
      type: "array",
      items: {
        description: "A group of axes.",
        $ref: "#/$defs/axes",
        type: "object",
        minProperties: 1,
      },
    },
    sample: {
      description:
        "Axes whose values are drawn at random, together: each trial is one joint setting. The trials are crossed with grid and zip, so that every variant gets the same draws.",
      type: "object",
      additionalProperties: false,
      required: ["trials", "space"],
      properties: {
        trials: {
          description: "The number of joint settings that are drawn.",
          type: "integer",
          minimum: 1,
          maximum: 100000,
        },
        seed: {
          description: "The seed of the draws; another one draws everything anew.",
          type: "integer",
          minimum: 0,
          maximum: 2147483647,
          default: 1,
        },
        space: {
          description: "What is drawn, by the dotted path of its setting.",
          $ref: "#/$defs/space",
          type: "object",
          minProperties: 1,
        },
      },
    },
    exclude: {
      description:
        "Cells of grid, zip and sample that are left out: a cell that has all settings of an entry is left out.",
      type: "array",
      items: {
        description: "Settings of the cells to leave out.",
        $ref: "#/$defs/point",
        type: "object",
        minProperties: 1,
      },
    },
    include: {
      description:
        "More cells. Each has the base settings, changed by one entry; exclude does not apply to them.",
      type: "array",
      items: {
        description: "Settings of one more cell.",
        $ref: "#/$defs/point",
        type: "object",
        minProperties: 1,
      },
    },
  },
};

/** Keys whose value is not a setting of a cell. */
export const aboutTheSweep: ReadonlySet<string> = new Set([
  "name",
  "description",
  "extends",
  "sweep",
  "select",
  "compare",
  "resources",
  "executor",
  "slurm",
  "environments",
  "failure",
  "retries",
  "time_limit",
  "tracking",
]);
