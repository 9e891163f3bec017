import { stat } from "node:fs/promises";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { CellRecord, Names } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import type { KnownSweep, SweepState } from "../journal/index.js";
import { listSweeps, readSpecPlace, readSweep } from "../journal/index.js";
import { namesOf } from "../cells/index.js";
import { findCell, isDigits } from "./find-cell.js";

/** What a call asks about: cells of a spec that is named itself, or through one of its cells or stages. */
export interface Subject {
  readonly file: string;
  readonly overrides: readonly string[];
  /** The cells that are meant, as an earlier run knew them; null: all of the spec. */
  readonly cells: readonly { readonly id: CellRecord["id"]; readonly name: string }[] | null;
  /** The runner whose stages are meant; null: all of them. */
  readonly runner: string | null;
}

/**
 * What the words of a call are about: a spec's file with settings behind it, or a cell or stage that a
 * journal knows. The spec of those is read from where it lay when their sweep ran.
 */
export async function subjectOf(
  store: string,
  word: string,
  others: readonly string[],
  science: Science,
): Promise<Subject> {
  const whole = { file: word, overrides: others, cells: null, runner: null };
  const info = await stat(word).catch(() => null);
  if (info !== null || word.endsWith(".yaml")) return whole;
  const said = [word, ...others].join(" ");
  const cell = await findCell(store, said, science.expand);
  if (cell !== null) {
    const { sweep, state, names } = cell;
    return about(sweep, state, names, [cell.cell], null);
  }
  const stage = isDigits(said) ? await stageBeginning(store, said) : null;
  if (stage === null) return whole;
  const { sweep, state, fingerprint } = stage;
  const cells = state.cells.filter((one) => behind(state, one.stage).has(fingerprint));
  const { runner } = state.stages.get(fingerprint)!.record;
  return about(sweep, state, namesOf(state), cells, runner);
}

async function about(
  sweep: KnownSweep,
  state: SweepState,
  names: Names,
  cells: readonly CellRecord[],
  runner: string | null,
): Promise<Subject> {
  const file = await readSpecPlace(sweep.folder);
  if (file === null) {
    throw new UserError(`it is not known where the spec file of ${state.experiment} is`, {
      exitCode: ExitCode.usage,
      hint: "name the spec: r4ec explain FILE --only CELL",
    });
  }
  return {
    file,
    overrides: state.composition?.overrides ?? [],
    cells: cells.map(({ id }) => ({ id, name: names.cell(id) })),
    runner,
  };
}

/** A stage that a sweep's journal has, the last changed sweep first. */
async function stageBeginning(
  store: string,
  digits: string,
): Promise<{ sweep: KnownSweep; state: SweepState; fingerprint: Fingerprint } | null> {
  for (const sweep of await listSweeps(store)) {
    const { state } = await readSweep(sweep.folder);
    const found = [...(state?.stages.keys() ?? [])].filter((one) => one.startsWith(digits));
    if (found.length > 1) {
      throw new UserError(`${digits} could be any of ${found.slice(0, 5).join(", ")}`, {
        exitCode: ExitCode.usage,
      });
    }
    if (found.length === 1) return { sweep, state: state!, fingerprint: found[0]! };
  }
  return null;
}

/** A stage with all stages that it depends on. */
function behind({ stages }: SweepState, last: Fingerprint): ReadonlySet<Fingerprint> {
  const found = new Set<Fingerprint>();
  const open = [last];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...Object.values(stages.get(next)?.record.inputs ?? {}));
  }
  return found;
}

/**
 * The cells of the present spec that a subject means: those of the same id, else, where settings have
 * changed since, those of the same name. Throws a UserError where the spec has none of them any more.
 */
export function cellsNow(
  { file, cells }: Subject,
  now: readonly CellRecord[],
  names: Names,
): (cell: CellRecord) => boolean {
  if (cells === null) return () => true;
  const ids = new Set(cells.map(({ id }) => id));
  const called = new Set(
    cells.filter(({ id }) => !now.some((one) => one.id === id)).map(({ name }) => name),
  );
  const keep = ({ id }: CellRecord): boolean => ids.has(id) || called.has(names.cell(id));
  if (!now.some(keep)) {
    throw new UserError(`${file} has no cell ${cells[0]!.name} any more`, {
      exitCode: ExitCode.usage,
      hint: `r4ec plan ${file} shows the cells that it has now`,
    });
  }
  return keep;
}
