/** Likes and samples by number of an item or a user. */
interface Counts {
  readonly likes: ReadonlyMap<number, number>;
  readonly samples: ReadonlyMap<number, number>;
}

/** Samples as far as rates look at them, one element a sample. */
export interface Liked {
  readonly users: Int32Array;
  readonly items: Int32Array;
}

/**
 * Scores, in (0, 1), by the logit of the item's like rate plus the logit of the user's, through the
 * logistic function. A rate is (likes + 1) / (n + 2) over the training samples: Laplace's rule, whose
 * prior, for an item or a user without samples, is 1/2.
 *
 * @param labels of the training samples, 0 or 1
 */
export function ratedScores(train: Liked, labels: Float32Array, test: Liked): Float32Array {
  const logitOf = ({ likes, samples }: Counts, id: number): number => {
    const [positive, all] = [likes.get(id) ?? 0, samples.get(id) ?? 0];
    return Math.log((positive + 1) / (all - positive + 1));
  };
  const [items, users] = [countsOf(train.items, labels), countsOf(train.users, labels)];
  return Float32Array.from(test.users, (user, i) => {
    const logit = logitOf(items, test.items[i]!) + logitOf(users, user);
    return 1 / (1 + Math.exp(-logit));
  });
}

function countsOf(ids: Int32Array, labels: Float32Array): Counts {
  const [likes, samples] = [new Map<number, number>(), new Map<number, number>()];
  ids.forEach((id, i) => {
    likes.set(id, (likes.get(id) ?? 0) + labels[i]!);
    samples.set(id, (samples.get(id) ?? 0) + 1);
  });
  return { likes, samples };
}
