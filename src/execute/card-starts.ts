/** Programs that begin on a card at a time. As many keep its driver busy, and then the card. */
const AT_ONCE = 4;
/** A program that has said nothing for so long makes room for the next one, in milliseconds. */
const LONGEST_MILLISECONDS = 5_000;

interface Waiting {
  readonly gpus: readonly number[];
  readonly begin: () => void;
}

/**
 * Lets programs begin on cards: few at a time, in the order in which they ask. A driver lets programs
 * onto a card one by one; where many begin together each is ready only when nearly all are, and until then
 * the card has nothing to do.
 */
export class CardStarts {
  readonly #beginning = new Map<number, number>();
  #waiting: Waiting[] = [];

  /** Resolves when a program may begin on its cards, with what to call once it has: it computes, or is gone. */
  take(gpus: readonly number[]): Promise<() => void> {
    return new Promise((resolve) => {
      this.#waiting.push({ gpus, begin: () => resolve(this.#begin(gpus)) });
      this.#next();
    });
  }

  #begin(gpus: readonly number[]): () => void {
    for (const gpu of gpus) this.#count(gpu, 1);
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      for (const gpu of gpus) this.#count(gpu, -1);
      this.#next();
    };
    const timer = setTimeout(end, LONGEST_MILLISECONDS).unref();
    return end;
  }

  #count(gpu: number, more: 1 | -1): void {
    this.#beginning.set(gpu, this.#on(gpu) + more);
  }

  #on(gpu: number): number {
    return this.#beginning.get(gpu) ?? 0;
  }

  #next(): void {
    this.#waiting = this.#waiting.filter(({ gpus, begin }) => {
      if (gpus.some((gpu) => this.#on(gpu) >= AT_ONCE)) return true;
      begin();
      return false;
    });
  }
}
