import type { Influence } from "../../../src/contract/statistics.js";
import { logLossOf } from "./log-loss.js";
import {
  countLabels,
  countPairs,
  gaucOf,
  ownersOf,
  type HalfPairs,
  type LabelCounts,
} from "./pairs.js";

/** A test split as the metrics see it; all of one length. */
export interface TestSplit {
  readonly labels: Uint8Array;
  /** Place of each sample's user in {@link users}. */
  readonly place: Int32Array;
  /** Ids of the users that have a sample, ascending. */
  readonly users: Int32Array;
  /** Place and label of each sample in one number. */
  readonly owners: Uint32Array;
  readonly counts: LabelCounts;
}

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
  const pairs = countPairs(scores, split.owners, split.users.length, split.counts.liked);
  const auc = aucInfluence(pairs, split);
  const gauc = gaucInfluence(pairs, split);
  return {
    ...(auc === null ? {} : { auc }),
    logloss: loglossInfluence(scores, split),
    ...(gauc === null ? {} : { gauc }),
  };
}

function aucInfluence(
  pairs: HalfPairs,
  { users, counts: { liked: m, likedOf, samplesOf } }: TestSplit,
): Influence | null {
  const n = samplesOf.reduce((sum, samples) => sum + samples, 0) - m;
  if (m === 0 || n === 0) return null;
  const value = pairs.all / (2 * m * n);
  const phi = Float64Array.from(users, (_, user) => {
    const own = likedOf[user]!;
    return (
      (pairs.liked[user]! / (2 * n) - own * value) / m +
      (pairs.others[user]! / (2 * m) - (samplesOf[user]! - own) * value) / n
    );
  });
  return { value, units: users, phi, leftOut: 0 };
}

function loglossInfluence(
  scores: Float32Array | Float64Array,
  { place, labels, users, counts: { samplesOf } }: TestSplit,
): Influence {
  const count = scores.length;
  const losses = new Float64Array(users.length);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const loss = logLossOf(scores[i]!, labels[i]!);
    sum += loss;
    losses[place[i]!]! += loss;
  }
  const value = sum / count;
  const phi = losses.map((loss, user) => (loss - samplesOf[user]! * value) / count);
  return { value, units: users, phi, leftOut: 0 };
}

function gaucInfluence({ within }: HalfPairs, { users, counts }: TestSplit): Influence | null {
  const gauc = gaucOf(within, counts);
  if (gauc === undefined) return null;
  const { value, weight, users: kept } = gauc;
  return {
    value,
    units: Int32Array.from(kept, (user) => users[user]!),
    phi: Float64Array.from(kept, (user) => {
      const [liked, samples] = [counts.likedOf[user]!, counts.samplesOf[user]!];
      return (samples * (within[user]! / 2 / (liked * (samples - liked)) - value)) / weight;
    }),
    leftOut: users.length - kept.length,
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
  const place = userOf.map((user) => placeOf[user]! - 1);
  const owners = ownersOf(place, labels);
  return { labels, users, place, owners, counts: countLabels(owners, users.length) };
}
