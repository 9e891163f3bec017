import type { Fingerprint } from "../base/fingerprint.js";
import type { PlannedStage } from "../plan/index.js";
import type { KeptResult } from "../contract/runner.js";
import type { Lock, LockHolder, Store } from "../store/index.js";
import { resultOf } from "../store/index.js";

/** A stage that must run, with its lock held and its inputs checked. */
export interface Prepared {
  readonly stage: PlannedStage;
  readonly lock: Lock;
}

/** Other outcomes for a stage. */
export interface PrepareOutcomes {
  /** Another sweep made it in the meantime. */
  cached(stage: PlannedStage, result: KeptResult): Promise<void>;
  /** Another sweep makes it now. */
  elsewhere(stage: PlannedStage, holder: LockHolder): void;
  /** Inputs that are not sound any more. */
  lacking(stage: PlannedStage, inputs: readonly Fingerprint[]): Promise<void>;
  /** A damaged artifact of the stage was taken out of service. */
  damaged(stage: PlannedStage, reason: string, movedTo: string): Promise<void>;
}

/** Takes the locks of stages that are about to run and looks at the store once more. */
export async function prepareGroup(
  stages: readonly PlannedStage[],
  store: Store,
  outcomes: PrepareOutcomes,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  const inputs = new Map<Fingerprint, boolean>();
  for (const stage of stages) {
    const { fingerprint, label } = stage.record;
    const taken = await store.lock(fingerprint, label);
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
