import { distance } from "fastest-levenshtein";
import { ExitCode, UserError } from "../base/exit.js";
import { namesOf, planOfSweep } from "../cells/index.js";
import type { SweepPlan } from "../contract/engine.js";
import { isCondition } from "../contract/options.js";
import type { CellRecord, Names } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import type { KnownSweep, SweepState } from "../journal/index.js";
import { listSweeps, readSweep } from "../journal/index.js";

/** A cell that the store's journals know, in the sweep that changed last among those that have it. */
export interface KnownCell {
  readonly sweep: KnownSweep;
  readonly state: SweepState;
  readonly names: Names;
  readonly cell: CellRecord;
}

/** Most cells that an error lists. */
const LISTED = 12;

/** True for a word that can name a cell or a stage by its digits. */
export const isDigits = (word: string): boolean => /^[0-9a-f]{4,64}$/.test(word);

/**
 * The cell that a word of a call names, in the sweep that changed last among those that have one: by
 * settings (`rate=1 seed=2`), by its name as every view shows it, by the beginning of its id
 * or of its last stage's fingerprint, or by the id of its run in MLflow. Null where no sweep has it. Several cells of one sweep, unless they
 * share their last stage, are a UserError that lists them.
 */
export async function findCell(
  store: string,
  word: string,
  expand: Science["expand"],
): Promise<KnownCell | null> {
  const { parseSelector } = await import("../plan/index.js");
  const conditions = conditionsIn(word);
  let wrong: UserError | null = null;
  let newest: { readonly state: SweepState; readonly names: Names } | null = null;
  for (const sweep of await listSweeps(store)) {
    const { state } = await readSweep(sweep.folder);
    if (state === null) continue;
    const names = namesOf(state);
    newest ??= { state, names };
    const isNamed = (cell: CellRecord): boolean => names.cell(cell.id) === word;
    let matches = (cell: CellRecord): boolean =>
      isNamed(cell) ||
      (isDigits(word) && (cell.id.startsWith(word) || cell.stage.startsWith(word)));
    // A name may look like settings: `rate=1 none seed=2`, where a value stands without its path.
    if (conditions !== null && !state.cells.some(isNamed)) {
      try {
        matches = parseSelector([conditions.join(",")], state.cells, expand, "the cell");
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        wrong ??= error;
        continue;
      }
    }
    const found = state.cells.filter(matches);
    const same = found.every(({ stage }) => stage === found[0]!.stage);
    if (found.length > 1 && !same) throw ambiguous(word, state, names, found);
    if (found.length > 0) return { sweep, state, names, cell: found[0]! };
  }
  if (conditions === null) return cellOfRun(store, word);
  throw noSuchCell(word, wrong, newest);
}

/** The cell that a run in MLflow stands for; null where the word is the id of none. */
async function cellOfRun(store: string, word: string): Promise<KnownCell | null> {
  const { isRunId, trackedRun } = await import("../tracking/index.js");
  const run = isRunId(word) ? await trackedRun(store, word) : null;
  if (run === null || !run.key.startsWith("cell:")) return null;
  const { state } = await readSweep(run.sweep.folder);
  const cell = state?.cells.find(({ id }) => run.key === `cell:${id}`);
  if (state === null || cell === undefined) return null;
  return { sweep: run.sweep, state, names: namesOf(state), cell };
}

/** The conditions that a word is made of (`a=1 b=2`, `a=1,b=2`); null where it is something else. */
function conditionsIn(word: string): string[] | null {
  const parts = word.trim().split(/\s+(?=[^\s=!]+!?=)/);
  return parts.every(isCondition) ? parts : null;
}

const listText = (names: Names, cells: readonly CellRecord[]): string => {
  const all = cells.slice(0, LISTED).map(({ id }) => {
    const name = names.cell(id);
    return name.endsWith(id) ? name : `${name} (${id})`;
  });
  return all.join(", ") + (cells.length > LISTED ? ` and ${cells.length - LISTED} more` : "");
};

const ambiguous = (
  word: string,
  state: SweepState,
  names: Names,
  found: readonly CellRecord[],
): UserError =>
  new UserError(
    `${word} could be any of ${found.length} cells of ${state.experiment} (sweep ${state.sweep})`,
    { exitCode: ExitCode.usage, hint: `they are: ${listText(names, found)}` },
  );

/** Says which cells there are, those with the most similar names first. */
function noSuchCell(
  word: string,
  wrong: UserError | null,
  newest: { readonly state: SweepState; readonly names: Names } | null,
): UserError {
  if (newest === null) return new UserError(`there is no cell ${word}: no sweep was run yet`);
  const { state, names } = newest;
  const far = new Map(state.cells.map(({ id }) => [id, distance(names.cell(id), word)]));
  const near = [...state.cells].sort((a, b) => far.get(a.id)! - far.get(b.id)!);
  // That no cell is selected has been said; that no cell has such a setting is news.
  const [, why] = /^the cell: (.*)$/s.exec(wrong?.message ?? "") ?? [];
  return new UserError(`no cell of any sweep is ${word}${why === undefined ? "" : `: ${why}`}`, {
    exitCode: ExitCode.usage,
    hint: `the last sweep, ${state.experiment}, has: ${listText(names, near)}`,
  });
}

/** What the cell's sweep ran for it, as the journal has it: the cell and all stages behind it. */
export const planOfCell = ({ state, names, cell }: KnownCell): SweepPlan =>
  planOfSweep(state, names, [cell]);
