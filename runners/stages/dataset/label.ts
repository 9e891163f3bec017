import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";
import type { Implicit } from "../../base/artifacts/dataset.js";
import { mistake } from "../../base/stage/mistake.js";
import type { CommonSettings, DatasetSettings, Source } from "./source.js";

/** The schema of `dataset.label`. */
export const labelFragment: JsonSchema = {
  description:
    "What a positive sample is, in the place of `like_above`: a rating above a number, a column of the table that says it, or every interaction, with items that a user does not have as negatives.",
  anyOf: [
    {
      type: "object",
      description: "A rating above a number is positive.",
      additionalProperties: false,
      required: ["above"],
      properties: { above: { description: "A rating above it is positive.", type: "number" } },
    },
    {
      type: "object",
      description: "A column of interactions says it.",
      additionalProperties: false,
      required: ["column"],
      properties: {
        column: {
          description:
            "table: the column of interactions with the label: 1, true: positive; 0, false: negative. It stands in the place of a rating.",
          type: "string",
          minLength: 1,
        },
      },
    },
    {
      type: "object",
      description: "Every interaction is positive; negatives are drawn.",
      additionalProperties: false,
      required: ["implicit"],
      properties: {
        implicit: {
          description:
            "table: implicit feedback. Every interaction is positive, and for each sample items are drawn as negatives that its user has nowhere in the data set.",
          type: "object",
          additionalProperties: false,
          properties: {
            negatives: {
              description: "Negatives of each sample, all different. The default is 4.",
              type: "integer",
              minimum: 1,
              maximum: 1000,
            },
            by: {
              description:
                "uniform: each item is equally likely, which is the default; popularity: by its share of the interactions that are not tested.",
              type: "string",
              enum: ["uniform", "popularity"],
            },
            seed: {
              description:
                "The seed of the draws; the default is 1. It is the data set's own, so that all cells see the same negatives.",
              type: "integer",
              minimum: 0,
              maximum: 4_294_967_295,
            },
          },
        },
      },
    },
  ],
};

/** How negatives are drawn, complete; null where labels are those of the data. */
export function implicitOf({ label }: CommonSettings): Implicit | null {
  if (label === undefined || !("implicit" in label)) return null;
  const { negatives = 4, by = "uniform", seed = 1 } = label.implicit;
  return { negatives, by, seed };
}

/** Parameters of a stage that draws negatives; none where it does not. */
export function implicitParams(block: CommonSettings): JsonObject {
  const implicit = implicitOf(block);
  return implicit === null ? {} : { implicit };
}

/** The same out of the parameters. */
export const implicitIn = (params: JsonObject): Implicit | null =>
  isJsonObject(params["implicit"]) ? (params["implicit"] as unknown as Implicit) : null;

/** The threshold of a data set: ratings above it are positive. A column of labels has 0. */
export function thresholdOf({ label, like_above }: CommonSettings): number {
  if (label === undefined) return like_above ?? 0;
  return "above" in label ? label.above : 0;
}

/** Mistakes in the label: none where one is needed, a column where the data set has none. */
export function checkLabel(source: Source, block: DatasetSettings): readonly Finding[] {
  const { label, like_above } = block;
  if (label === undefined && like_above === undefined) {
    return [
      mistake(
        "dataset",
        `${source.called ?? source.id} needs \`label\`, such as {above: 3}, {column: clicked} or {implicit: {negatives: 4}}`,
      ),
    ];
  }
  const largest = source.ratings;
  if (label !== undefined && "above" in label && largest !== null && label.above >= largest) {
    return [
      mistake(
        "dataset.label.above",
        `no rating is above ${label.above}: ${largest} is the largest`,
      ),
    ];
  }
  if (label !== undefined && "column" in label && largest !== null) {
    return [mistake("dataset.label", `${source.id} has no column of labels; give {above: 3}`)];
  }
  if (label !== undefined && "implicit" in label && largest !== null) {
    return [
      mistake(
        "dataset.label",
        `${source.id} has ratings, of which not all are positive; give {above: 3}`,
      ),
    ];
  }
  return [];
}
