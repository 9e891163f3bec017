import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { CellRecord, Names, StageRecord } from "../contract/records.js";
import { axesOf, namePaths } from "./axes.js";
import { labelsOf, settingsText } from "./labels.js";

/**
 * The one name of each cell, in every view: the values of the axes that vary and nothing else, in
 * the order of the spec, seeds last (`small fast seed=1`). A cell whose name would be another
 * cell's, or empty, has its id at the end. A name does not depend on the order of the cells.
 *
 * @param cells all cells of the sweep, also where a command looks at some of them only
 * @param axes paths that the sweep varies, in the order of the spec; an axis may be a whole block
 */
export function cellNames(
  cells: readonly CellRecord[],
  axes: readonly string[],
): ReadonlyMap<CellId, string> {
  const found = namePaths(cells, axes);
  const labels = labelsOf(cells, found);
  const paths = found.map(({ path }) => path);
  const texts = cells.map(({ settings }) => settingsText(settings, paths, labels));
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return new Map(
    cells.map(({ id }, index) => {
      const text = texts[index]!;
      if (text === "") return [id, id];
      return [id, times.get(text) === 1 ? text : `${text} ${id}`];
    }),
  );
}

/** A sweep as far as names need it: the state of a journal, or a plan with its resolved spec. */
export interface NamedSweep {
  /** All cells of the sweep. */
  readonly cells: readonly CellRecord[];
  readonly stages: ReadonlyMap<Fingerprint, { readonly record: StageRecord }>;
  readonly resolved: JsonObject;
}

/**
 * Names of all cells and stages of a sweep. Computed once: keep it where many names are asked for.
 *
 * @param axes paths that the sweep varies; left out: those of its spec
 */
export function namesOf(
  { cells, stages, resolved }: NamedSweep,
  axes: readonly string[] = axesOf(resolved),
): Names {
  const names = cellNames(cells, axes);
  const lasts = new Map<Fingerprint, CellId>();
  for (const { id, stage } of cells) if (!lasts.has(stage)) lasts.set(stage, id);
  const cell = (id: CellId): string => names.get(id) ?? id;
  return {
    cell,
    stage(fingerprint) {
      const record = stages.get(fingerprint)?.record;
      const id = lasts.get(fingerprint);
      if (record === undefined) return fingerprint;
      // The one cell of a sweep without axes: its stage's label says more than an id.
      if (id === undefined || cell(id) === id) return record.label;
      return `${record.runner} ${cell(id)}`;
    },
  };
}
