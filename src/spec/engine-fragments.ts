import type { JsonSchema } from "../contract/science.js";

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
  description: { description: "What the experiment is about, for people.", type: "string" },
  seed: {
    description:
      "Seed of the cell. Seeds are replicates: results are averaged over them, never compared.",
    type: "integer",
    minimum: 0,
    maximum: 2147483647,
    default: 1,
  },
  gpu: {
    description:
      "Card that every cell is pinned to. Placement only: it has no part in what a cell is. In a grid, a list of cards that the cells are dealt over; in a zip, it pins them.",
    type: "integer",
    minimum: 0,
    maximum: 1023,
  },
  select: {
    description:
      "Takes axes away by tuning: of the cells that differ only in them, the best on validation is compared.",
    type: "object",
    additionalProperties: false,
    required: ["metric", "over"],
    properties: {
      metric: {
        ...metricName,
        description: "Dotted name of the metric that decides: one on validation.",
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
        description: "Settings, by dotted path, of the cells that the others are compared to.",
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
          "Settings, by dotted path, of the variants whose differences are claims: p is corrected over them, within each metric and row. Left out: every variant that is no control.",
        type: "array",
        items: {
          description: "Settings of the variants that are a claim.",
          $ref: "#/$defs/point",
          type: "object",
          minProperties: 1,
        },
        minItems: 1,
      },
      equivalence: {
        description:
          "By metric, the difference that is too small to matter (NAME: 0.002): says where no difference is larger, and what a gain has to reach.",
        type: "object",
        additionalProperties: false,
        patternProperties: {
          [metricName["pattern"] as string]: {
            description: "The margin, in the metric's own unit.",
            type: "number",
            exclusiveMinimum: 0,
          },
        },
      },
      test: {
        description:
          "What may vary in a test. all: the units of the test split and the seeds; seeds: the seeds alone (Student's paired t-test), which describes this one test split.",
        enum: ["all", "seeds"],
        default: "all",
      },
    },
  },
  resources: {
    description: "Machines and cards that the sweep may use. No part of what a cell is.",
    type: "object",
    additionalProperties: false,
    properties: {
      gpus: {
        description: "Cards the cells are spread over: all that are there, or these.",
        anyOf: [
          { description: "All cards that are there.", const: "auto" },
          {
            description: "Numbers of the cards; an empty list uses none.",
            type: "array",
            items: { description: "Number of a card.", type: "integer", minimum: 0, maximum: 1023 },
            uniqueItems: true,
          },
        ],
      },
      cpus: {
        description: "CPU slots: as many as the machine has cores, or a number.",
        anyOf: [
          { description: "As many as the machine has.", const: "auto" },
          { description: "This many.", type: "integer", minimum: 1, maximum: 65536 },
        ],
        default: "auto",
      },
    },
  },
  tracking: {
    description: "Where results are logged. No part of what a cell is.",
    type: "object",
    additionalProperties: false,
    properties: {
      mlflow: {
        description: "The MLflow server; left out: a local one that r4ec starts and keeps.",
        anyOf: [
          { description: "No MLflow; the journal keeps everything.", const: "off" },
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
                description: "Name of the MLflow experiment; left out: the experiment's name.",
                type: "string",
                minLength: 1,
                maxLength: 250,
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
    "Cells = (grid x every zip group) - exclude + include, over any setting by its dotted path.",
  type: "object",
  additionalProperties: false,
  properties: {
    grid: {
      description: "Axes that are crossed: each a list of values for one setting.",
      $ref: "#/$defs/axes",
    },
    zip: {
      description:
        "Groups of axes that move together: the lists of a group are equally long. Groups are crossed with the grid and with each other.",
      type: "array",
      items: { description: "A group.", $ref: "#/$defs/axes", type: "object", minProperties: 1 },
    },
    exclude: {
      description:
        "Cells of grid and zip that are left out: those that have all the settings of an entry.",
      type: "array",
      items: {
        description: "Settings of the cells to leave out.",
        $ref: "#/$defs/point",
        type: "object",
        minProperties: 1,
      },
    },
    include: {
      description: "Further cells: each is the base settings with these changed; never excluded.",
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
  "sweep",
  "select",
  "compare",
  "resources",
  "tracking",
]);
