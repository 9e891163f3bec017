import { countLabels, countPairs, ownersOf, type LabelCounts } from "../../base/influence/pairs.js";

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

/** The smallest distance of a score from 0 and 1 in log loss: float32's resolution below 1. */
const edge = 2 ** -24;

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
    const p = Math.min(Math.max(score, edge), 1 - edge);
    loss -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
    most = Math.max(most, users[i]!);
  }
  const owners = ownersOf(users, labels);
  const counts = countLabels(owners, most + 1);
  const { all, within } = countPairs(scores, owners, most + 1, counts.liked);
  const pairs = counts.liked * (scores.length - counts.liked);
  return {
    auc: pairs === 0 ? undefined : all / 2 / pairs,
    logloss: loss / scores.length,
    gauc: byUser(within, counts),
  };
}

function byUser(within: Float64Array, { likedOf, samplesOf }: LabelCounts): number | undefined {
  let weighted = 0;
  let weight = 0;
  for (const [user, samples] of samplesOf.entries()) {
    const pairs = likedOf[user]! * (samples - likedOf[user]!);
    if (pairs === 0) continue;
    weighted += (samples * (within[user]! / 2)) / pairs;
    weight += samples;
  }
  return weight === 0 ? undefined : weighted / weight;
}
