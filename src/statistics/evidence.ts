import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { CellRecord, StageRecord } from "../contract/records.js";
import type {
  CellInfluences,
  Influence,
  InfluenceReader,
  ScienceStatistics,
  TestedCell,
} from "../contract/statistics.js";
import type { Store } from "../store/index.js";
import { influenceFile, readInfluences, writeInfluences } from "./cache.js";

/** Influences of each finished cell, or why it has none. */
export type Evidence = ReadonlyMap<CellId, CellInfluences | { readonly reason: string }>;

/** A finished cell, and what its last stage came to. */
export interface FinishedCell {
  readonly cell: CellRecord;
  readonly record: StageRecord;
  readonly metrics: { readonly [name: string]: number };
}

/** The largest difference between a metric that a cell recorded and the one its predictions give. */
const TOLERANCE = 1e-6;

/**
 * Gathers the influences of cells: from the store where they stand, else from the predictions that
 * the cell's artifact keeps; those are then put into the store. One cell at a time is read.
 */
export async function gatherEvidence(
  cells: readonly FinishedCell[],
  store: Store,
  statistics: ScienceStatistics | undefined,
): Promise<Evidence> {
  const evidence = new Map<CellId, CellInfluences | { readonly reason: string }>();
  if (statistics === undefined) return evidence;
  const found = new Map<Fingerprint, CellInfluences | { readonly reason: string }>();
  const shared = new SharedUnits();
  const whole = new Map<Fingerprint, Promise<boolean>>();
  const isWhole = (fingerprint: Fingerprint): Promise<boolean> => {
    const known = whole.get(fingerprint) ?? store.inspect(fingerprint).then(sound, () => false);
    whole.set(fingerprint, known);
    return known;
  };
  let reader: Promise<InfluenceReader> | null = null;
  for (const { cell, record, metrics } of cells) {
    const fingerprint = record.fingerprint;
    let one = found.get(fingerprint);
    if (one === undefined) {
      const file = influenceFile(store, fingerprint, statistics.version);
      one = (await readInfluences(file)) ?? undefined;
      if (one === undefined) {
        reader ??= statistics.reader();
        one = await fromPredictions(record, store, isWhole, await reader);
        one = "reason" in one ? one : fitting(one, metrics);
        if (!("reason" in one)) await writeInfluences(file, one);
      }
      one = "reason" in one ? one : shared.of(one);
      found.set(fingerprint, one);
    }
    evidence.set(cell.id, one);
  }
  return evidence;
}

const sound = ({ state }: { readonly state: string }): boolean => state === "sound";

async function fromPredictions(
  record: StageRecord,
  store: Store,
  isWhole: (fingerprint: Fingerprint) => Promise<boolean>,
  reader: InfluenceReader,
): Promise<CellInfluences | { readonly reason: string }> {
  if (!(await isWhole(record.fingerprint)))
    return { reason: "its artifact is gone from the store" };
  const inputs: { [name: string]: string } = {};
  for (const [name, input] of Object.entries(record.inputs)) {
    if (await isWhole(input)) inputs[name] = store.artifactFolder(input);
  }
  const tested: TestedCell = { record, folder: store.artifactFolder(record.fingerprint), inputs };
  try {
    return await reader.read(tested);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Influences whose values are those that the cell recorded; else something was read amiss. */
function fitting(
  influences: CellInfluences,
  metrics: FinishedCell["metrics"],
): CellInfluences | { readonly reason: string } {
  for (const [name, { value }] of Object.entries(influences.metrics)) {
    const recorded = metrics[name];
    if (recorded === undefined || Math.abs(recorded - value) <= TOLERANCE) continue;
    return { reason: `its predictions give ${name} ${value} where it recorded ${recorded}` };
  }
  return influences;
}

/** Keeps one copy of equal lists of units: cells of a sweep have the same ones. */
class SharedUnits {
  readonly #known = new Map<string, Int32Array[]>();

  of({ samples, metrics }: CellInfluences): CellInfluences {
    const known = this.#known.get(samples) ?? [];
    this.#known.set(samples, known);
    const share = (units: Int32Array): Int32Array => {
      const same = known.find(
        (one) => one.length === units.length && one.every((unit, at) => unit === units[at]),
      );
      if (same === undefined) known.push(units);
      return same ?? units;
    };
    const shared = Object.entries(metrics).map(([name, one]): [string, Influence] => [
      name,
      { ...one, units: share(one.units) },
    ]);
    return { samples, metrics: Object.fromEntries(shared) };
  }
}
