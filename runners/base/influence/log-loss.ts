/** The smallest distance of a score from 0 and 1: float32's resolution below 1. */
const EDGE = 2 ** -24;

/** The log loss of one sample, −ln p(label): natural logarithm, the score kept off 0 and 1. */
export function logLossOf(score: number, label: number): number {
  const p = Math.min(Math.max(score, EDGE), 1 - EDGE);
  return label === 1 ? -Math.log(p) : -Math.log1p(-p);
}
