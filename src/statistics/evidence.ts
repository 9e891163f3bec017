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
 * Reads the influences of cells: from the store where they stand, else from the predictions that the cell's
 * artifact keeps; those are then put into the store. It holds what cells share, such as a test split, and no
 * cell's influences.
 */
export class EvidenceReader {
  readonly #whole = new Map<Fingerprint, Promise<boolean>>();
  #reader: Promise<InfluenceReader> | null = null;

  constructor(
    private readonly store: Store,
    private readonly statistics: ScienceStatistics,
  ) {}

  /** Influences of a cell, or why it has none. */
  async of({
    record,
    metrics,
  }: Omit<FinishedCell, "cell">): Promise<CellInfluences | { readonly reason: string }> {
    const file = influenceFile(this.store, record.fingerprint, this.statistics.version);
    const kept = await readInfluences(file);
    if (kept !== null) return kept;
    const read = await this.#fromPredictions(record);
    const one = "reason" in read ? read : fitting(read, metrics);
    if (!("reason" in one)) await writeInfluences(file, one);
    return one;
  }

  async #fromPredictions(
    record: StageRecord,
  ): Promise<CellInfluences | { readonly reason: string }> {
    const { store } = this;
    if (!(await this.#isWhole(record.fingerprint)))
      return { reason: "its artifact is gone from the store" };
    const inputs: { [name: string]: string } = {};
    for (const [name, input] of Object.entries(record.inputs)) {
      if (await this.#isWhole(input)) inputs[name] = store.artifactFolder(input);
    }
    const tested: TestedCell = { record, folder: store.artifactFolder(record.fingerprint), inputs };
    try {
      this.#reader ??= this.statistics.reader();
      return await (await this.#reader).read(tested);
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #isWhole(fingerprint: Fingerprint): Promise<boolean> {
    const known =
      this.#whole.get(fingerprint) ?? this.store.inspect(fingerprint).then(sound, () => false);
    this.#whole.set(fingerprint, known);
    return known;
  }
}

/** Gathers the influences of cells. One cell at a time is read. */
export async function gatherEvidence(
  cells: readonly FinishedCell[],
  store: Store,
  statistics: ScienceStatistics | undefined,
): Promise<Evidence> {
  const evidence = new Map<CellId, CellInfluences | { readonly reason: string }>();
  if (statistics === undefined) return evidence;
  const found = new Map<Fingerprint, CellInfluences | { readonly reason: string }>();
  const shared = new SharedUnits();
  const reader = new EvidenceReader(store, statistics);
  for (const finished of cells) {
    const { fingerprint } = finished.record;
    let one = found.get(fingerprint);
    if (one === undefined) {
      one = await reader.of(finished);
      one = "reason" in one ? one : shared.of(one);
      found.set(fingerprint, one);
    }
    evidence.set(finished.cell.id, one);
  }
  return evidence;
}

const sound = ({ state }: { readonly state: string }): boolean => state === "sound";

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
