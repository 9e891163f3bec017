import { distance } from "fastest-levenshtein";
import type { CellRecord } from "../contract/records.js";
import { UserError } from "../base/exit.js";

/**
 * Reads `--only`: comma-separated conditions that must all hold; several selectors: any of them.
 * A condition is `path=value` (a dotted path, or its end, as in `backbone=din`), `path!=value`, or
 * the beginning of a cell's id. A string setting's block is met by its id (`backbone=din` for
 * `backbone.id`). Throws a UserError that names what would be right.
 */
export function parseSelector(
  selectors: readonly string[],
  cells: readonly CellRecord[],
): (cell: CellRecord) => boolean {
  const paths = new Set(cells.flatMap((cell) => Object.keys(cell.settings)));
  const any = selectors.map((selector) => {
    const all = selector.split(BETWEEN).map((text) => parseCondition(text.trim(), paths));
    return (cell: CellRecord): boolean => all.every((holds) => holds(cell));
  });
  const selected = (cell: CellRecord): boolean => any.some((holds) => holds(cell));
  if (!cells.some(selected)) {
    throw new UserError(`--only ${selectors.join(" --only ")} selects none of the cells`);
  }
  return selected;
}

/** A comma that stands in no list or object. */
const BETWEEN = /,(?![^[{]*[\]}])/;

function parseCondition(text: string, paths: Set<string>): (cell: CellRecord) => boolean {
  const match = /^([^=!]+?)\s*(!?=)\s*(.*)$/.exec(text);
  if (match === null) {
    if (/^[0-9a-f]{4,16}$/.test(text)) return (cell) => cell.id.startsWith(text);
    throw new UserError(
      `--only: "${text}" is neither path=value nor the beginning (4 digits or more) of a cell's id`,
    );
  }
  const [, given = "", operator, value = ""] = match;
  const path = findPath(given, paths);
  const equal = (cell: CellRecord): boolean => {
    const found = cell.settings[path];
    if (found === undefined) return false;
    if (typeof found === "string") return found === value;
    if (typeof found === "number") return value !== "" && found === Number(value);
    return JSON.stringify(found) === value.replace(/\s+/g, "");
  };
  return operator === "=" ? equal : (cell) => !equal(cell);
}

function findPath(given: string, paths: Set<string>): string {
  for (const candidate of [given, `${given}.id`, `${given}.variant`]) {
    if (paths.has(candidate)) return candidate;
  }
  const ends = [...paths].filter((path) => path.endsWith(`.${given}`));
  if (ends.length === 1) return ends[0]!;
  if (ends.length > 1) {
    throw new UserError(`--only: "${given}" could be ${ends.sort().join(" or ")}`);
  }
  const far = (path: string): number =>
    Math.min(distance(given, path), distance(given, path.split(".").at(-1)!));
  const near = [...paths].sort((a, b) => far(a) - far(b))[0];
  throw new UserError(
    `--only: no cell has a setting "${given}"${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
