import { axesOf, isOf, namesOf } from "../cells/index.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { isCondition } from "../contract/options.js";
import type { CellRecord } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import type { settingMeant as SettingMeant } from "../plan/index.js";
import type { Experiment, flatSettings as FlatSettings } from "../spec/index.js";
import { keptBy } from "./only-cells.js";
import { loadExperiment } from "./experiment.js";

/** What stands behind a spec in a call. */
export interface SpecWords {
  readonly words?: readonly string[];
  readonly overrides?: readonly string[];
}

/** A spec with the cells of it that a call means. */
export interface SpecCells {
  readonly experiment: Experiment;
  /** The cells that the words name, among those of the spec. Throws a UserError where it is none. */
  readonly chosen: (cells: readonly CellRecord[]) => (cell: CellRecord) => boolean;
}

/**
 * Reads the words behind a spec for a command that looks at cells: a setting of an axis (`seed=1`), the
 * name or the id of a cell picks cells, as it does without a spec; every other setting stands in place of
 * the spec's own. An axis sets its setting in every cell, so that such a setting could change nothing.
 *
 * @param given `words`: of the call; `overrides`: settings that an earlier call of the spec had
 * @param only selectors of `--only`, which must hold too
 */
export async function cellsOfSpec(
  file: string,
  { words = [], overrides: given = [] }: SpecWords,
  science: Science,
  only?: readonly string[],
): Promise<SpecCells> {
  const { flatSettings, loadSpec } = await import("../spec/index.js");
  const { parseSelector, settingMeant } = await import("../plan/index.js");
  // What the axes are follows from these alone.
  const ofSweep = words.filter((word) => /^~|^sweep\b/.test(word));
  const others = words.filter((word) => !ofSweep.includes(word));
  const first =
    others.length === 0 ? null : loadSpec(file, science, { overrides: [...given, ...ofSweep] });
  const picks =
    first?.ok === true
      ? others.filter(picksIn(first.value, science, { settingMeant, flatSettings }))
      : [];
  const overrides = [...given, ...words.filter((word) => !picks.includes(word))];
  const experiment = await loadExperiment(file, science, overrides);
  const selectors = [
    ...(only === undefined ? [] : [{ any: only, said: "--only" }]),
    ...picks.filter(isCondition).map((word) => ({ any: [word], said: "the setting" })),
  ];
  const named = picks.filter((word) => !isCondition(word));
  return {
    experiment,
    chosen: (cells) => {
      const names = namesOf({ cells, stages: new Map(), resolved: experiment.resolved });
      return selectors.reduce<(cell: CellRecord) => boolean>(
        (before, { any, said }) => {
          const matching = cells.filter(before);
          const select = (selectors: readonly string[]): ReturnType<typeof parseSelector> =>
            parseSelector(selectors, matching, science.expand, said);
          const selects = keptBy(any, matching, names, select);
          return (cell) => before(cell) && selects(cell);
        },
        (cell) => named.every((word) => names.cell(cell.id) === word || cell.id === word),
      );
    },
  };
}

/** Functions of folders that are loaded late. */
interface Means {
  readonly settingMeant: typeof SettingMeant;
  readonly flatSettings: typeof FlatSettings;
}

/** Whether a word picks cells of a spec. */
function picksIn(
  { cells, resolved }: Experiment,
  science: Science,
  { settingMeant, flatSettings }: Means,
): (word: string) => boolean {
  const axes = axesOf(resolved);
  const records = cells.map(({ id, settings }): CellRecord => ({
    ...{ id, settings: flatSettings(settings, science.blockNames) },
    // Of a cell that is not planned there is no stage; names do not read it.
    stage: "" as Fingerprint,
  }));
  const names = namesOf({ cells: records, stages: new Map(), resolved });
  const called = new Set(records.flatMap(({ id }) => [id, names.cell(id)]));
  return (word) => {
    if (called.has(word)) return true;
    const path = isCondition(word) ? settingMeant(word, records, science.expand) : null;
    return path !== null && axes.some((axis) => isOf(path, axis));
  };
}
