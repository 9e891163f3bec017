import type { Fingerprint } from "../base/fingerprint.js";
import type { Inspection, Manifest, Store } from "../store/index.js";
import type { Plan } from "./plan.js";
import { stagesNeeded } from "./narrow.js";

/** Whether a stage's artifact stands in the store, and whether a sweep would run the stage. */
export interface StagePresence {
  readonly manifest: Manifest | null;
  /** Why an artifact that is there cannot be used; null where there is none or it is sound. */
  readonly damage: string | null;
  /** True if the sweep would run the stage: it is not cached, and a cell's result needs it. */
  readonly wouldRun: boolean;
}

const AT_ONCE = 32;
/** More stages than this: to list the store costs less than to ask for each artifact that is not there. */
const LISTED = 500;

/** Looks every stage of a plan up in the store. Changes nothing there. */
export async function lookAtStages(
  plan: Plan,
  store: Pick<Store, "inspect" | "fingerprints" | "unchanged">,
): Promise<Map<Fingerprint, StagePresence>> {
  const seen = new Map<Fingerprint, Inspection>();
  const unknown: Fingerprint[] = [];
  for (const fingerprint of plan.stages.keys()) {
    const manifest = store.unchanged(fingerprint);
    if (manifest === null) unknown.push(fingerprint);
    else seen.set(fingerprint, { state: "sound", manifest });
  }
  const there = unknown.length > LISTED ? await allOf(store.fingerprints()) : null;
  const queue = unknown.values();
  const look = async (): Promise<void> => {
    // All lookers draw from the one iterator.
    for (const fingerprint of queue) {
      const found = there?.has(fingerprint) ?? true;
      seen.set(fingerprint, found ? await store.inspect(fingerprint) : { state: "absent" });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  const sound = (fingerprint: Fingerprint): boolean => seen.get(fingerprint)?.state === "sound";
  const last = plan.cells.map((cell) => cell.stage);
  const needed = stagesNeeded(plan.stages, last, sound);
  const presence = new Map<Fingerprint, StagePresence>();
  for (const fingerprint of plan.stages.keys()) {
    const inspection = seen.get(fingerprint)!;
    presence.set(fingerprint, {
      manifest: inspection.state === "sound" ? inspection.manifest : null,
      damage: inspection.state === "damaged" ? inspection.reason : null,
      wouldRun: inspection.state !== "sound" && needed.has(fingerprint),
    });
  }
  return presence;
}

async function allOf<T>(found: AsyncIterable<T>): Promise<ReadonlySet<T>> {
  const all = new Set<T>();
  for await (const one of found) all.add(one);
  return all;
}
