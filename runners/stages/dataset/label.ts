import type { Finding } from "../../../src/base/diagnostic.js";
import type { JsonSchema } from "../../../src/contract/science.js";
import { mistake } from "../../base/stage/mistake.js";
import type { CommonSettings, DatasetSettings, Source } from "./source.js";

/** The schema of `dataset.label`. */
export const labelFragment: JsonSchema = {
  description:
    "What a positive sample is, in the place of `like_above`: a rating above a number, or a column of the table that says it.",
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
  ],
};

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
      mistake("dataset", `${source.id} needs \`label\`, such as {above: 3} or {column: clicked}`),
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
  return [];
}
