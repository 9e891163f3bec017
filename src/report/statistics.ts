/** Mean of numbers; NaN of none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation (n − 1 in the denominator); null below two values. */
export function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** A paired, two-sided t-test. */
export interface PairedTest {
  /** Pairs. */
  readonly n: number;
  readonly t: number;
  readonly df: number;
  /** Probability of a t at least as far from 0 on either side if the true mean difference is 0. */
  readonly p: number;
}

/** Student's paired t-test of differences against 0, or why it cannot be computed. */
export function pairedTest(
  differences: readonly number[],
): PairedTest | { readonly reason: string } {
  const n = differences.length;
  if (n < 2) return { reason: `needs two seeds or more on both sides, has ${n}` };
  const spread = deviation(differences)!;
  const middle = mean(differences);
  // Differences that are equal up to rounding have no spread to compare their mean with.
  const scale = Math.max(...differences.map(Math.abs));
  if (spread <= scale * 1e-12) return { reason: "the difference is the same for every seed" };
  const t = middle / (spread / Math.sqrt(n));
  return { n, t, df: n - 1, p: studentP(t, n - 1) };
}

/** P(|T| ≥ |t|) for Student's t: the regularised incomplete beta function I_x(df/2, 1/2), x = df/(df + t²). */
export function studentP(t: number, df: number): number {
  if (!Number.isFinite(t)) return Number.isNaN(t) ? NaN : 0;
  return incompleteBeta(df / (df + t * t), (t * t) / (df + t * t), df / 2, 0.5);
}

/** I_x(a, b), given y = 1 − x as well so that neither loses digits near 0. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y),
  );
  // The continued fraction converges fast on this side of the mean; the other by symmetry.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(y, b, a)) / b;
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const step = d * c;
    result *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return result;
}

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) after shifting x above 15. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 15) {
    shift += Math.log(z);
    z += 1;
  }
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188))))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** Holm's step-down correction of a family of p-values, in the order given. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => ps[a]! - ps[b]!);
  const corrected = new Array<number>(ps.length);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, ps[index]! * (ps.length - rank)));
    corrected[index] = highest;
  }
  return corrected;
}
