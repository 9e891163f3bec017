import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import type { Ignored, JsonSchema } from "../../../src/contract/science.js";
import type { UserSplit } from "../../base/artifacts/split.js";
import { mistake } from "../../base/stage/mistake.js";

/** The number of folds if a spec does not give one. */
const FOLDS = 5;

const folds = {
  description: "The number of folds. Users with samples are divided over folds of equal size.",
  type: "integer",
  minimum: 2,
  maximum: 1000,
} as const;
const fold = {
  description:
    "The fold whose users are tested; the first fold is 1. As an axis of a sweep, folds are replicates like seeds.",
  type: "integer",
  minimum: 1,
  maximum: 1000,
} as const;

const TIME =
  "time: the first 80 % of each user's interactions are for training, the rest for testing";
const USERS =
  "users: the users of one fold are for testing, and no model is trained on any sample of theirs; a tenth of the other users is held out for validation";

/** The schema of `dataset.split`: what is trained on, and what is tested. */
export const splitFragment: JsonSchema = {
  description: `Which samples are for training and which for testing. ${TIME}. ${USERS}.`,
  default: { by: "time" },
  anyOf: [
    { type: "string", enum: ["time", "users"], description: "Short for {by}." },
    {
      type: "object",
      description: `By ${TIME}.`,
      additionalProperties: false,
      required: ["by"],
      properties: { by: { const: "time", description: `By ${TIME}.` }, folds, fold },
    },
    {
      type: "object",
      description: `By ${USERS}.`,
      additionalProperties: false,
      required: ["by"],
      properties: {
        by: { const: "users", description: `By ${USERS}.` },
        folds: { ...folds, default: FOLDS },
        fold: { ...fold, default: 1 },
      },
    },
  ],
};

/** `users` becomes `{by: users}`. */
export const expandSplit = (split: Json): Json =>
  typeof split === "string" ? { by: split } : split;

const blockOf = (settings: JsonObject): JsonObject => {
  const dataset = settings["dataset"];
  const split = isJsonObject(dataset) ? expandSplit(dataset["split"] ?? "time") : null;
  return isJsonObject(split) ? split : { by: "time" };
};

/** A cell's split by users; null where it splits by time, as the prepared data set does. */
export function userSplitOf(settings: JsonObject): UserSplit | null {
  const block = blockOf(settings);
  if (block["by"] !== "users") return null;
  return { by: "users", folds: Number(block["folds"] ?? FOLDS), fold: Number(block["fold"] ?? 1) };
}

/** Settings of the split without effect. */
export const ignoredSplit = (settings: JsonObject): Ignored[] =>
  userSplitOf(settings) === null
    ? Object.keys(blockOf(settings))
        .filter((name) => name !== "by")
        .map((name) => ({
          path: `dataset.split.${name}`,
          because: "only a split by users has folds",
        }))
    : [];

/** The mistake of a fold that does not exist. */
export function checkSplit(settings: JsonObject): readonly Finding[] {
  const split = userSplitOf(settings);
  if (split === null || split.fold <= split.folds) return [];
  return [
    mistake(
      "dataset.split.fold",
      `there is no fold ${split.fold}: the folds are 1 to ${split.folds}`,
    ),
  ];
}
