import type { Fingerprint } from "../base/fingerprint.js";
import type { PlannedStage } from "../plan/index.js";
import type { LockHolder, Store } from "../store/index.js";
import { hostName, lockHolder } from "../store/index.js";

const LOOK_MILLISECONDS = 200;

/** Stages that another sweep makes at the moment. */
export class MadeElsewhere {
  readonly #waiting = new Map<Fingerprint, PlannedStage>();
  readonly #said = new Set<Fingerprint>();

  /**
   * @param say tells the user about a stage, once
   * @param free called after each look, with the stages that nobody holds any more
   */
  constructor(
    private readonly store: Pick<Store, "lockFile">,
    private readonly say: (line: string) => void,
    private readonly free: (stages: readonly PlannedStage[]) => void,
  ) {}

  /**
   * Waits for a stage. The first one starts a watch over all, which is given: it ends when nothing is
   * waited for any more. Null: the watch goes on already.
   */
  wait(stage: PlannedStage, holder: LockHolder): Promise<void> | null {
    const { fingerprint, label } = stage.record;
    if (!this.#said.has(fingerprint)) {
      this.#said.add(fingerprint);
      const where = `process ${holder.pid} on ${hostName(holder.host)}`;
      this.say(`${label} is being made by another sweep (${where}); this sweep waits for it`);
    }
    this.#waiting.set(fingerprint, stage);
    return this.#waiting.size === 1 ? this.#watch() : null;
  }

  /** Waits for none of them any longer. */
  leave(): void {
    this.#waiting.clear();
  }

  async #watch(): Promise<void> {
    while (this.#waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
      const free: PlannedStage[] = [];
      for (const [fingerprint, stage] of this.#waiting) {
        const holder = await lockHolder(this.store.lockFile(fingerprint));
        if (holder === null && this.#waiting.delete(fingerprint)) free.push(stage);
      }
      this.free(free);
    }
  }
}
