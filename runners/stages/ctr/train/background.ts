/** Work that goes on beside training; a failure of it is thrown where training asks next. */
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

  /** Whether anything goes on. */
  get busy(): boolean {
    return this.#going.size > 0;
  }

  /** Throws what a piece of work failed with. */
  check(): void {
    if (this.#fault !== null) throw this.#fault.error;
  }

  /** Waits until nothing goes on. */
  async done(): Promise<void> {
    while (this.busy) await Promise.all(this.#going);
  }
}
