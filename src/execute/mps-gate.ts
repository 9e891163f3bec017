import type { Mps } from "./mps.js";
import type { Share } from "./slots.js";

/**
 * NVIDIA's MPS from the moment when somebody has asked whether it works here. Until that is known, nothing is to
 * start on a card.
 */
export class MpsGate {
  #mps: Mps | null = null;
  #opening: Promise<void> | null = null;

  /** `asked`: MPS, or null where programs that share a card take turns there; or a promise of it. */
  constructor(asked: Mps | null | Promise<Mps | null>) {
    if (!(asked instanceof Promise)) {
      this.#mps = asked;
      return;
    }
    this.#opening = asked.then((mps) => {
      this.#mps = mps;
      this.#opening = null;
    });
    // Whoever waits for it hears of a failure; perhaps nobody does any more.
    this.#opening.catch(() => undefined);
  }

  /** Resolves when it is known whether there is MPS; null: it is. */
  get opening(): Promise<void> | null {
    return this.#opening;
  }

  /** See {@link Mps.variablesFor}. */
  variablesFor(share: Share): NodeJS.ProcessEnv | null {
    return this.#mps?.variablesFor(share) ?? null;
  }

  /** See {@link Mps.leave}. */
  leave(): void {
    this.#mps?.leave();
  }

  /** Ends the daemon, also one that is just being started. The programs that use it are to be gone. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#mps?.close();
  }
}
