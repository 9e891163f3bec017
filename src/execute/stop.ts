import type { StopSignal } from "../contract/runner.js";

/** The one stop signal of a worker, as runners see it and as the worker sets it. */
export class WorkerStop implements StopSignal {
  draining = false;
  readonly #listeners: (() => void)[] = [];
  readonly #abort = new AbortController();

  get abort(): AbortSignal {
    return this.#abort.signal;
  }

  onDrain(listener: () => void): void {
    if (this.draining) listener();
    else this.#listeners.push(listener);
  }

  /** Begins draining; once. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** Ends it all. */
  end(): void {
    this.drain();
    this.#abort.abort();
  }
}
