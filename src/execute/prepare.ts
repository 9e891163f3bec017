import type { Fingerprint } from "../base/fingerprint.js";
import type { PlannedStage } from "../plan/index.js";
import type { KeptResult } from "../contract/runner.js";
import type { Lock, LockHolder, Store } from "../store/index.js";
import { resultOf } from "../store/index.js";

/** What of a planned stage is needed to lock and to run it. */
export type RunnableStage = Pick<PlannedStage, "record" | "execution" | "files" | "needs">;

/** A stage that must run, with its lock held and its inputs checked. */
export interface Prepared<S extends RunnableStage = PlannedStage> {
  readonly stage: S;
  readonly lock: Lock;
}

/** Other outcomes for a stage. */
export interface PrepareOutcomes<S extends RunnableStage> {
  /** Another sweep made it in the meantime. */
  cached(stage: S, result: KeptResult): Promise<void>;
  /** Another sweep makes it now. */
  elsewhere(stage: S, holder: LockHolder): void;
  /** Inputs that are not sound any more. */
  lacking(stage: S, inputs: readonly Fingerprint[]): Promise<void>;
  /** A damaged artifact of the stage was taken out of service. */
  damaged(stage: S, reason: string, movedTo: string): Promise<void>;
}

/** Takes the locks of stages that are about to run and looks at the store once more. `dead`: see tryLock. */
export async function prepareGroup<S extends RunnableStage>(
  stages: readonly S[],
  store: Store,
  outcomes: PrepareOutcomes<S>,
  dead?: (holder: LockHolder) => boolean,
): Promise<Prepared<S>[]> {
  const prepared: Prepared<S>[] = [];
  const inputs = new Map<Fingerprint, boolean>();
  for (const stage of stages) {
    const { fingerprint, label } = stage.record;
    const taken = await store.lock(fingerprint, label, dead);
    if ("holder" in taken) {
      outcomes.elsewhere(stage, taken.holder);
      continue;
    }
    const damages: [reason: string, movedTo: string][] = [];
    const manifest = await store.claim(fingerprint, (...damage) => damages.push(damage));
    for (const damage of damages) await outcomes.damaged(stage, ...damage);
    if (manifest !== null) {
      await taken.lock.release();
      await outcomes.cached(stage, resultOf(manifest));
      continue;
    }
    const lacking: Fingerprint[] = [];
    for (const input of stage.needs) {
      if (!inputs.has(input)) inputs.set(input, (await store.inspect(input)).state === "sound");
      if (inputs.get(input) === false) lacking.push(input);
    }
    if (lacking.length > 0) {
      await taken.lock.release();
      await outcomes.lacking(stage, lacking);
      continue;
    }
    prepared.push({ stage, lock: taken.lock });
  }
  return prepared;
}
