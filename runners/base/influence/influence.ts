import type { Influence } from "../../../src/contract/statistics.js";
import { ascending } from "./order.js";
import { pairsByUser } from "./pairs.js";

/** A test split as the metrics see it; all of one length. */
export interface TestSplit {
  readonly labels: Uint8Array;
  /** Place of each sample's user in {@link users}. */
  readonly place: Int32Array;
  /** Ids of the users that have a sample, ascending. */
  readonly users: Int32Array;
}

/** The smallest distance of a score from 0 and 1 in log loss: float32's resolution below 1. */
const edge = 2 ** -24;

/**
 * What each user adds to AUC, log loss and GAUC of a cell's scores; a metric that has no value is
 * left out. The influence of a difference of two cells is the difference of theirs.
 *
 * For AUC it is the influence on the two-sample statistic, its components those of DeLong et al.
 * 1988, summed within users as Obuchowski 1997 does: V10 of a positive is the part of negatives below
 * it, V01 of a negative the part of positives above it, ties counted half;
 *
 *     φ_u = Σ positives of u (V10 − AUC)/m + Σ negatives of u (V01 − AUC)/n
 *
 * For log loss φ_u = Σ samples of u (loss − mean loss)/N. For GAUC, the mean of users' AUC weighted by
 * their samples w, φ_u = w_u (AUC_u − GAUC)/Σw over the users who have both classes.
 *
 * @param scores probabilities; throws a RangeError where one is not a number
 */
export function influences(
  scores: Float32Array | Float64Array,
  split: TestSplit,
): { readonly auc?: Influence; readonly logloss: Influence; readonly gauc?: Influence } {
  const strange = scores.findIndex((score) => Number.isNaN(score));
  if (strange >= 0) throw new RangeError(`score ${strange} is not a number`);
  const order = orderOf(scores);
  const auc = aucInfluence(order, scores, split);
  const gauc = gaucInfluence(order, scores, split);
  return {
    ...(auc === null ? {} : { auc }),
    logloss: loglossInfluence(scores, split),
    ...(gauc === null ? {} : { gauc }),
  };
}

function orderOf(scores: Float32Array | Float64Array): Uint32Array {
  if (scores instanceof Float32Array) return ascending(scores);
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]! || a - b);
}

function aucInfluence(
  order: Uint32Array,
  scores: Float32Array | Float64Array,
  { labels, place, users }: TestSplit,
): Influence | null {
  const size = users.length;
  let m = 0;
  for (const label of labels) m += label;
  const n = labels.length - m;
  if (m === 0 || n === 0) return null;
  // Half pairs that each user's positives and negatives win: whole numbers, so that the sums are exact.
  const won = new Float64Array(size);
  const kept = new Float64Array(size);
  const positives = new Float64Array(size);
  const samples = new Float64Array(size);
  let pairs = 0;
  let below = 0;
  let above = m;
  for (let start = 0; start < order.length;) {
    const score = scores[order[start]!]!;
    let end = start;
    let tied = 0;
    while (end < order.length && scores[order[end]!] === score) tied += labels[order[end++]!]!;
    const negatives = end - start - tied;
    const halfBelow = 2 * below + negatives;
    const halfAbove = 2 * above - tied;
    for (let at = start; at < end; at++) {
      const i = order[at]!;
      const user = place[i]!;
      samples[user]!++;
      if (labels[i] === 1) {
        won[user]! += halfBelow;
        positives[user]!++;
      } else kept[user]! += halfAbove;
    }
    pairs += tied * halfBelow;
    below += negatives;
    above -= tied;
    start = end;
  }
  const value = pairs / (2 * m * n);
  const phi = new Float64Array(size);
  for (let user = 0; user < size; user++) {
    const own = positives[user]!;
    phi[user] =
      (won[user]! / (2 * n) - own * value) / m +
      (kept[user]! / (2 * m) - (samples[user]! - own) * value) / n;
  }
  return { value, units: users, phi, leftOut: 0 };
}

function loglossInfluence(
  scores: Float32Array | Float64Array,
  { labels, place, users }: TestSplit,
): Influence {
  const count = scores.length;
  const losses = new Float64Array(users.length);
  const samples = new Float64Array(users.length);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const score = scores[i]!;
    const p = Math.min(Math.max(score, edge), 1 - edge);
    const loss = labels[i] === 1 ? -Math.log(p) : -Math.log1p(-p);
    sum += loss;
    losses[place[i]!]! += loss;
    samples[place[i]!]!++;
  }
  const value = sum / count;
  const phi = losses.map((loss, user) => (loss - samples[user]! * value) / count);
  return { value, units: users, phi, leftOut: 0 };
}

function gaucInfluence(
  order: Uint32Array,
  scores: Float32Array | Float64Array,
  { labels, place, users }: TestSplit,
): Influence | null {
  const size = users.length;
  const { pairs, below, above } = pairsByUser(order, scores, labels, place, size);
  const kept: number[] = [];
  let weight = 0;
  let weighted = 0;
  for (let user = 0; user < size; user++) {
    if (above[user] === 0 || below[user] === 0) continue;
    kept.push(user);
    weight += above[user]! + below[user]!;
    weighted += ((above[user]! + below[user]!) * pairs[user]!) / (above[user]! * below[user]!);
  }
  if (kept.length === 0) return null;
  const value = weighted / weight;
  return {
    value,
    units: Int32Array.from(kept, (user) => users[user]!),
    phi: Float64Array.from(kept, (user) => {
      const [up, down] = [above[user]!, below[user]!];
      return ((up + down) * (pairs[user]! / (up * down) - value)) / weight;
    }),
    leftOut: size - kept.length,
  };
}

/** A test split from each sample's user id (0 or above) and label. */
export function testSplit(userOf: Int32Array, labels: Uint8Array): TestSplit {
  let most = -1;
  for (const user of userOf) if (user > most) most = user;
  const placeOf = new Int32Array(most + 1);
  for (const user of userOf) placeOf[user] = 1;
  let count = 0;
  for (let user = 0; user <= most; user++) if (placeOf[user] === 1) placeOf[user] = ++count;
  const users = new Int32Array(count);
  for (let user = 0; user <= most; user++) if (placeOf[user]! > 0) users[placeOf[user]! - 1] = user;
  return { labels, users, place: userOf.map((user) => placeOf[user]! - 1) };
}
