import type { JsonObject } from "../../../src/base/json.js";
import { namesOfFields } from "../../base/artifacts/raw-fields.js";
import type { Quality } from "./metrics.js";
import { isBias } from "./bias/stage.js";
import { ownProgramOf } from "./own-program/settings.js";
import { ctrOf } from "./settings.js";

type TestedSplit = "valid" | "test";

/** Names of the metrics of one split's scores, by the value that each shows. */
export const qualityNames = (
  split: TestedSplit,
): { readonly [value in keyof Quality]: string } => ({
  auc: `${split}.auc`,
  logloss: `${split}.logloss`,
  gauc: `${split}.gauc`,
});

/**
 * Names of the counts of users and samples in a split that training has not seen (`ctr.user_id`).
 */
export const unseenNames = (split: TestedSplit): { users: string; samples: string } => ({
  users: `unseen.${split}.users`,
  samples: `unseen.${split}.samples`,
});

/** Name of the count of samples in a split whose field has a value that training has not seen. */
export const unknownName = (split: TestedSplit, field: string): string =>
  `unknown.${split}.${field}`;

/** The metrics that describe a cell's training. */
export const trainingNames = ["best_epoch", "epochs", "parameters", "samples_per_second"] as const;

/** Those of them that a program of the user's own may tell. */
export const toldNames = ["best_epoch", "epochs", "parameters"] as const;

/** Every metric that the CTR stage of a cell with these settings may publish. */
export function ctrMetrics(settings: JsonObject): readonly string[] {
  const bias = isBias(settings);
  const ctr = ctrOf(settings);
  const splits: TestedSplit[] = !bias && ctr["pick"] === "test" ? ["test"] : ["valid", "test"];
  return [
    ...splits.flatMap((split) => Object.values(qualityNames(split))),
    ...(!bias && ctr["user_id"] === true
      ? splits.flatMap((split) => Object.values(unseenNames(split)))
      : []),
    ...(bias
      ? []
      : splits.flatMap((split) =>
          namesOfFields(settings["dataset"]).map((field) => unknownName(split, field)),
        )),
    ...(bias ? [] : ownProgramOf(settings) === null ? trainingNames : toldNames),
  ];
}
