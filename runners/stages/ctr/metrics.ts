import { logLossOf } from "../../base/influence/log-loss.js";
import { countLabels, countPairs, gaucOf, ownersOf } from "../../base/influence/pairs.js";

/** Metrics of scores against 0/1 labels; undefined where they have no value. */
export interface Quality {
  /** Area under the ROC curve, ties counted half; undefined without both classes. */
  readonly auc: number | undefined;
  /** Mean of −ln p(label), natural logarithm. */
  readonly logloss: number;
  /** AUC within each user who has both classes, weighted by the user's samples. */
  readonly gauc: number | undefined;
}

/** Metrics of one replica, or why its scores have none. */
export type Judged = Quality | { readonly fault: string };

/**
 * AUC, log loss and GAUC of scores in [0, 1]. Throws where a score is not a number.
 *
 * AUC = P(score of a positive > score of a negative) + ½ P(equal), computed exactly from one sort.
 */
export function quality(
  scores: Float32Array,
  labels: Float32Array | Uint8Array,
  users: Int32Array,
): Quality {
  let loss = 0;
  let most = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (Number.isNaN(score)) throw new RangeError(`score ${i} is not a number`);
    loss += logLossOf(score, labels[i]!);
    most = Math.max(most, users[i]!);
  }
  const owners = ownersOf(users, labels);
  const counts = countLabels(owners, most + 1);
  const { all, within } = countPairs(scores, owners, most + 1, counts.liked);
  const pairs = counts.liked * (scores.length - counts.liked);
  return {
    auc: pairs === 0 ? undefined : all / 2 / pairs,
    logloss: loss / scores.length,
    gauc: gaucOf(within, counts)?.value,
  };
}
