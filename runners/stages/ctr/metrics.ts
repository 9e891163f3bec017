import { ascending } from "../../base/influence/order.js";
import { pairsByUser } from "../../base/influence/pairs.js";

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
  const order = ascending(scores);
  let positives = 0;
  let loss = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (Number.isNaN(score)) throw new RangeError(`score ${i} is not a number`);
    const p = Math.min(Math.max(score, edge), 1 - edge);
    positives += labels[i]!;
    loss -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
  }
  const negatives = scores.length - positives;
  const pairs = orderedPairs(order, scores, labels);
  return {
    auc: positives === 0 || negatives === 0 ? undefined : pairs / (positives * negatives),
    logloss: loss / scores.length,
    gauc: byUser(order, scores, labels, users),
  };
}

/** Pairs of a negative and a positive in which the positive scores higher; ties count half. */
function orderedPairs(
  order: Uint32Array,
  scores: Float32Array,
  labels: Float32Array | Uint8Array,
): number {
  let pairs = 0;
  let below = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let positive = 0;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      positive += labels[order[end]!]!;
      end++;
    }
    const negative = end - start - positive;
    pairs += positive * (below + negative / 2);
    below += negative;
    start = end;
  }
  return pairs;
}

function byUser(
  order: Uint32Array,
  scores: Float32Array,
  labels: Float32Array | Uint8Array,
  users: Int32Array,
): number | undefined {
  let most = 0;
  for (const user of users) most = Math.max(most, user);
  const size = most + 1;
  const { pairs, below, above } = pairsByUser(order, scores, labels, users, size);
  let weighted = 0;
  let weight = 0;
  for (let user = 0; user < size; user++) {
    if (above[user] === 0 || below[user] === 0) continue;
    const samples = above[user]! + below[user]!;
    weighted += (samples * pairs[user]!) / (above[user]! * below[user]!);
    weight += samples;
  }
  return weight === 0 ? undefined : weighted / weight;
}
