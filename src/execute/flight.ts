/** Counts operations that are in progress. It is over when none is left, or when one fails. */
export class Flight {
  #count = 0;
  #resolve: (() => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** Adds an operation. If it fails, the whole fails. */
  add(promise: Promise<unknown>): void {
    this.#count += 1;
    promise
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#reject?.(error);
      })
      .finally(() => {
        this.#count -= 1;
        if (this.#count === 0) this.#resolve?.();
      });
  }

  /** Resolves when no operation is in progress any more; rejects with the first failure. */
  landed(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure.error as Error);
      else if (this.#count === 0) resolve();
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
}
