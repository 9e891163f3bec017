import { isModulePath } from "./own-module/module.js";
import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import type { Ignored, JsonSchema } from "../../../src/contract/science.js";
import { isoSeconds } from "./table/dates.js";
import { TRAIN_SHARE } from "./split-rule.js";
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

const DATE =
  "date: interactions before a date are for training, those from then on for testing, for all users alike; the last tenth of the training samples by time is for validation";
const LEAVE_LAST =
  "leave-last: each user's last n interactions are for testing, the n before them for validation";
const COLUMN =
  "column: a column of the table says it: train, valid or test; or the rows with one value are for testing";

const form = (
  by: string,
  about: string,
  required: readonly string[],
  properties: { readonly [setting: string]: JsonSchema },
): JsonSchema => ({
  type: "object",
  description: `By ${about}.`,
  additionalProperties: false,
  required: ["by", ...required],
  properties: { by: { const: by, description: `By ${about}.` }, ...properties },
});

const value = (description: string): JsonSchema => ({
  description,
  type: ["string", "number", "boolean"],
});

/** The schema of `dataset.split`: what is trained on, and what is tested. */
export const splitFragment: JsonSchema = {
  description: `Which samples are for training and which for testing. ${TIME}. ${USERS}. ${DATE}. ${LEAVE_LAST}. ${COLUMN}.`,
  default: { by: "time" },
  anyOf: [
    { type: "string", enum: ["time", "users"], description: "Short for {by}." },
    form("time", TIME, [], {
      train: {
        description:
          "The share of each user's interactions for training; without it 0.8. The split index is the share times the length, rounded down.",
        type: "number",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
      },
      folds,
      fold,
    }),
    form("users", USERS, [], {
      folds: { ...folds, default: FOLDS },
      fold: { ...fold, default: 1 },
    }),
    form("date", DATE, ["at"], {
      at: {
        description: "The date, as 2015-03-31 or 2015-03-31T12:00:00+08:00; UTC without a zone.",
        type: "string",
        minLength: 1,
      },
    }),
    form("leave-last", LEAVE_LAST, [], {
      n: {
        description: "How many interactions of each user are tested; without it 1.",
        type: "integer",
        minimum: 1,
        maximum: 1000,
      },
    }),
    form("column", COLUMN, ["column"], {
      column: { description: "table: the column of interactions.", type: "string", minLength: 1 },
      test: value(
        "The value of rows for testing; other rows are for training. Without it the column holds train, valid and test.",
      ),
      valid: value("The value of rows for validation, beside `test`."),
    }),
  ],
};

/**
 * `users` becomes `{by: users}`, and the share of a split by time is left out where it is the usual
 * one.
 */
export function expandSplit(split: Json): Json {
  if (typeof split === "string") return { by: split };
  if (!isJsonObject(split) || split["by"] !== "time" || split["train"] !== TRAIN_SHARE)
    return split;
  return Object.fromEntries(Object.entries(split).filter(([name]) => name !== "train"));
}

const blockOf = (settings: JsonObject): JsonObject => {
  const dataset = settings["dataset"];
  const split = isJsonObject(dataset) ? expandSplit(dataset["split"] ?? "time") : null;
  return isJsonObject(split) ? split : { by: "time" };
};

/** A cell's split by users; null where the prepared data set has the split. */
export function userSplitOf(settings: JsonObject): UserSplit | null {
  const block = blockOf(settings);
  if (block["by"] !== "users") return null;
  return { by: "users", folds: Number(block["folds"] ?? FOLDS), fold: Number(block["fold"] ?? 1) };
}

/** Settings of the split without effect. */
export const ignoredSplit = (settings: JsonObject): Ignored[] =>
  blockOf(settings)["by"] === "time"
    ? Object.keys(blockOf(settings))
        .filter((name) => name !== "by" && name !== "train")
        .map((name) => ({
          path: `dataset.split.${name}`,
          because: "only a split by users has folds",
        }))
    : [];

/**
 * What of a split is part of the data set itself, as parameters of its stage; none where the data set
 * is split as usual, or by a stage of its own (by users).
 */
export function splitParams(settings: JsonObject): { readonly split?: JsonObject } {
  const block = blockOf(settings);
  const { train, at, n, column, test, valid } = block;
  switch (block["by"]) {
    case "time":
      return train === undefined || train === TRAIN_SHARE ? {} : { split: { by: "time", train } };
    case "date":
      return { split: { by: "date", at: at!, seconds: isoSeconds(String(at)) } };
    case "leave-last":
      return { split: { by: "leave-last", n: n ?? 1 } };
    case "column":
      return {
        split: {
          by: "column",
          column: column!,
          ...(test === undefined ? {} : { test: String(test) }),
          ...(valid === undefined ? {} : { valid: String(valid) }),
        },
      };
    default:
      return {};
  }
}

/** Mistakes in a split: a fold or a date that there is not, a column where there are no columns. */
export function checkSplit(settings: JsonObject): readonly Finding[] {
  const block = blockOf(settings);
  const dataset = settings["dataset"];
  const id = isJsonObject(dataset) ? dataset["id"] : dataset;
  if (block["by"] === "date" && Number.isNaN(isoSeconds(String(block["at"])))) {
    return [
      mistake(
        "dataset.split.at",
        `${String(block["at"])} is no date; dates look like 2015-03-31 or 2015-03-31T12:00:00+08:00`,
      ),
    ];
  }
  if (block["by"] === "column" && id !== "table" && !isModulePath(id)) {
    return [mistake("dataset.split", `${String(id)} has no column that says how to split it`)];
  }
  if (block["valid"] !== undefined && block["test"] === undefined) {
    return [mistake("dataset.split.valid", "give `test` too: the value of rows for testing")];
  }
  const split = userSplitOf(settings);
  if (split === null || split.fold <= split.folds) return [];
  return [
    mistake(
      "dataset.split.fold",
      `there is no fold ${split.fold}: the folds are 1 to ${split.folds}`,
    ),
  ];
}
