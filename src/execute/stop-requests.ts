import type { StageRun } from "./executor.js";

/** Requests to stop, kept until there is a scheduler to take them. */
export class StopRequests {
  readonly beforeStart = new AbortController();
  #count = 0;
  #scheduler: StageRun | null = null;

  constructor(onStop: (listener: (how?: "leave") => void) => void) {
    onStop((how) => this.request(how ?? (this.#count === 0 ? "drain" : "now")));
  }

  get stopped(): boolean {
    return this.#count > 0;
  }

  request(how: "drain" | "now" | "leave"): void {
    this.#count += 1;
    this.beforeStart.abort();
    if (how === "leave") this.#scheduler?.leave();
    else if (how === "now") this.#scheduler?.stopNow();
    else this.#scheduler?.drain();
  }

  attach(scheduler: StageRun): void {
    this.#scheduler = scheduler;
    if (this.#count > 0) scheduler.drain();
  }
}
