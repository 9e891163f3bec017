import type { Json } from "../base/json.js";
import type { Science } from "../contract/science.js";
import type { SpecPlace } from "../contract/spec-place.js";
import type { Expansion } from "./cells.js";
import type { Cell } from "./experiment.js";
import { whereOf } from "./origin.js";
import type { Places } from "./places.js";
import type { Problem } from "./problem.js";
import type { Report } from "./report.js";
import type { Sweep } from "./sweep.js";

/** What checks of the expanded spec need. */
export interface CheckContext {
  readonly report: Report;
  readonly places: Places;
  readonly sweep: Sweep;
  /** Mistakes of the document, which were taken out of it before it was expanded. */
  readonly mistakes: readonly Problem[];
  /** Keys of blocks that something valid was put in place of; what is said of them is no news. */
  readonly assumed: ReadonlySet<string>;
  /**
   * True if something was removed: then no message is given about what is missing or has no effect.
   */
  readonly partial: boolean;
  /** Top-level blocks that the sweep varies as it is written; null: it does not say (varied-blocks.ts). */
  readonly varied: ReadonlySet<string> | null;
  /** True where data that is not on this machine is a warning. */
  readonly withoutData: boolean;
}

/** Reports blocks of cells that don't fit the schema once everything has been put together. */
export function reportWrong(context: CheckContext, { wrong }: Expansion): void {
  const { report, places, sweep, mistakes, assumed, partial } = context;
  const misspelt = mistakes.some(({ where, at }) => where.length === 1 && at === "key");
  for (const { origin, problem } of wrong) {
    if (assumed.has(problem.where[0]!)) continue;
    const where = whereOf(origin, sweep.dimensions, problem.where.join("."), places);
    if (partial) {
      // A block that the file does not name at all is missing whatever else is wrong.
      const absent = problem.missing !== undefined && problem.where.length === 1 && !misspelt;
      if (absent ? places.has(problem.where) : !places.has(where)) continue;
      if (!absent && problem.missing !== undefined) continue;
    }
    const path = problem.where.filter((part) => !/^\d+$/.test(part)).join(".");
    report.add("error", { ...problem, where }, path);
  }
}

/** Asks the science about every cell and reports its findings where the settings stand. */
export function checkCells(
  context: CheckContext,
  { cells, origins }: Expansion,
  science: Pick<Science, "check">,
  place: SpecPlace,
): void {
  const { report, places, sweep, assumed, mistakes, partial } = context;
  // Of a block without a mistake it is also known what it lacks.
  const touched = new Set(mistakes.map(({ where }) => where[0]!));
  const heads = touched.has("sweep") ? context.varied : new Set<string>();
  for (const { id, settings } of kindsOfCells(cells)) {
    for (const { severity: given, message, path, absent } of science.check(settings, place)) {
      const severity = absent === true && context.withoutData ? "warning" : given;
      const where = whereOf(origins.get(id)!, sweep.dimensions, path, places);
      const key = path.split(".")[0]!;
      // An axis that was taken out may have given what a block lacks.
      const isWhole = places.has([key]) && !touched.has(key) && heads?.has(key) === false;
      if (partial && (severity !== "error" || !(isWhole || places.has(where)))) continue;
      if (assumed.has(key)) continue;
      report.add(severity, { where, at: places.has(where) ? "value" : "key", message }, path);
    }
  }
}

/** One cell of each kind: cells that differ in the seed alone are equal for the science's checks. */
export function* kindsOfCells(cells: readonly Cell[]): Generator<Cell> {
  const numbers = new Map<Json, number>();
  const seen = new Set<string>();
  for (const cell of cells) {
    // Cells share equal blocks.
    const kind = Object.entries(cell.settings)
      .filter(([key]) => key !== "seed")
      .map(([, value]) => {
        const number = numbers.get(value) ?? numbers.size;
        numbers.set(value, number);
        return number;
      })
      .join(" ");
    if (seen.has(kind)) continue;
    seen.add(kind);
    yield cell;
  }
}
