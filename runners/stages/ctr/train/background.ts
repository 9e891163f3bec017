/**
 * Work that runs beside training. If it fails, its error is thrown at the next call from training.
 */
export class Background {
  readonly #going = new Set<Promise<void>>();
  #fault: { readonly error: unknown } | null = null;

  add(work: Promise<void>): void {
    const going = work
      .catch((error: unknown) => {
        this.#fault ??= { error };
      })
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  /** Whether any work is in progress. */
  get busy(): boolean {
    return this.#going.size > 0;
  }

  /** Throws the error of a piece of work that failed. */
  check(): void {
    if (this.#fault !== null) throw this.#fault.error;
  }

  /** Waits until no work is in progress. */
  async done(): Promise<void> {
    while (this.busy) await Promise.all(this.#going);
  }
}
