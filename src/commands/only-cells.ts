import type { CellRecord, Names } from "../contract/records.js";

type Keeps = (cell: CellRecord) => boolean;

/**
 * The cells that `--only` keeps: each of its words is the name of a cell, as every view shows it, or a selector.
 *
 * @param select what selectors keep; throws a UserError where a word is none, or where they keep nothing
 */
export function keptBy(
  only: readonly string[],
  cells: readonly CellRecord[],
  names: Names,
  select: (selectors: readonly string[]) => Keeps,
): Keeps {
  const called = new Map(cells.map(({ id }) => [names.cell(id), id]));
  const ids = new Set(only.flatMap((word) => called.get(word) ?? []));
  const selectors = only.filter((word) => !called.has(word));
  const selects: Keeps = selectors.length === 0 ? () => false : select(selectors);
  return (cell) => ids.has(cell.id) || selects(cell);
}
