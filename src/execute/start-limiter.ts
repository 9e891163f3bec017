/** Programs that start on a card at the same time. Four are enough to keep its driver busy, and then the card. */
const MAX_STARTING = 4;
/** A program that has said nothing for so long makes room for the next one. */
const START_TIMEOUT_MILLISECONDS = 15_000;

interface Waiting {
  readonly gpus: readonly number[];
  readonly start: () => void;
}

/**
 * Limits how many programs start on a card at the same time; they start in the order in which they ask. A
 * driver lets programs onto a card one by one: where 24 begin together, the first is ready only when nearly
 * all are, and until then the card has nothing to do.
 *
 * A program counts as starting from when it is told to run until it says something, or is gone: by
 * then one that trains has its card and has made its model; others speak sooner.
 */
export class StartLimiter {
  readonly #starting = new Map<number, number>();
  #waiting: Waiting[] = [];
  #unlimited = false;

  /** Resolves when a program may start on its cards, with what to call once it has started or is gone. */
  acquire(gpus: readonly number[]): Promise<() => void> {
    return new Promise((resolve) => {
      this.#waiting.push({ gpus, start: () => resolve(this.#start(gpus)) });
      this.#next();
    });
  }

  /** From now on all may start at once: a sweep that is stopped waits for none of them. */
  lift(): void {
    this.#unlimited = true;
    this.#next();
  }

  #start(gpus: readonly number[]): () => void {
    for (const gpu of gpus) this.#count(gpu, 1);
    let over = false;
    const release = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      for (const gpu of gpus) this.#count(gpu, -1);
      this.#next();
    };
    const timer = setTimeout(release, START_TIMEOUT_MILLISECONDS).unref();
    return release;
  }

  #count(gpu: number, more: 1 | -1): void {
    this.#starting.set(gpu, this.#on(gpu) + more);
  }

  #on(gpu: number): number {
    return this.#starting.get(gpu) ?? 0;
  }

  #next(): void {
    this.#waiting = this.#waiting.filter(({ gpus, start }) => {
      if (!this.#unlimited && gpus.some((gpu) => this.#on(gpu) >= MAX_STARTING)) return true;
      start();
      return false;
    });
  }
}
