/**
 * Holm's step-down correction of a family of p-values, in the order given. A claim of the family
 * that has no p (null) counts as one with p = 1: that it has no p yet must not help the others.
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[a] ?? 1) - (ps[b] ?? 1));
  const corrected = new Array<number | null>(ps.length).fill(null);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    const p = ps[index]!;
    highest = Math.max(highest, Math.min(1, (p ?? 1) * (ps.length - rank)));
    corrected[index] = p === null ? null : highest;
  }
  return corrected;
}
