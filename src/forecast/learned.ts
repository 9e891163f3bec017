/** What can be measured of a stage, and is reckoned before it runs. */
export type Quantity = "seconds" | "promptTokens" | "completionTokens";

/** What a stage is, as far as its costs go. */
export interface Subject {
  readonly runner: string;
  /** See StageEstimate.kinds. */
  readonly kinds: readonly string[];
  /** Whether it runs on a card. */
  readonly onCard: boolean;
}

interface Mean {
  /** Weight of the measurements, and the sum of their logarithms times their weights. */
  weight: number;
  sum: number;
}

/** So much weight do a wider kind's measurements have beside one measurement of the narrower kind. */
const OF_WIDER = 0.5;
/** The runner's own reckoning has so little beside one measurement. */
const OF_RECKONING = 0.02;

/**
 * How many times more stages take than their runners reckon, by kind of stage. Means are of logarithms:
 * a stage that took twice as long and one that took half make no difference together.
 */
export class Learned {
  readonly #means: Map<string, Mean>;

  constructor(means: ReadonlyMap<string, Mean> = new Map()) {
    this.#means = new Map([...means].map(([key, mean]) => [key, { ...mean }]));
  }

  /** The same measurements in an object of their own. */
  copy(): Learned {
    return new Learned(this.#means);
  }

  /**
   * A stage took `ratio` times what was reckoned.
   *
   * @param weight 1 for a measurement, less for a less sure one
   */
  add(subject: Subject, quantity: Quantity, ratio: number, weight: number): void {
    if (!(ratio > 0 && Number.isFinite(ratio) && weight > 0)) return;
    for (const key of keysOf(subject, quantity)) {
      const mean = this.#means.get(key) ?? { weight: 0, sum: 0 };
      this.#means.set(key, {
        weight: mean.weight + weight,
        sum: mean.sum + weight * Math.log(ratio),
      });
    }
  }

  /**
   * How many times the reckoned quantity a stage will probably take, from measurements of its kind, and
   * of wider kinds where there are few; and whether stages of one of its kinds were measured (where it
   * names none: stages of its runner).
   */
  factor(subject: Subject, quantity: Quantity): { factor: number; measured: boolean } {
    let value = 0;
    let measured = false;
    let prior = OF_RECKONING;
    for (const [level, key] of keysOf(subject, quantity).reverse().entries()) {
      const mean = this.#means.get(key);
      if (mean !== undefined) {
        value = (mean.sum + prior * value) / (mean.weight + prior);
        measured ||= level > 0 || subject.kinds.length === 0;
      }
      prior = OF_WIDER;
    }
    return { factor: Math.exp(value), measured };
  }
}

/** Keys of the means that a measurement counts for, the narrowest first, the runner's own last. */
const keysOf = ({ runner, kinds, onCard }: Subject, quantity: Quantity): string[] =>
  [...kinds.map((kind) => [kind]), []].map((kind) =>
    JSON.stringify([quantity, runner, onCard, ...kind]),
  );
