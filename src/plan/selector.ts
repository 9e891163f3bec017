import { distance } from "fastest-levenshtein";
import type { CellRecord } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import { UserError } from "../base/exit.js";
import { isJsonObject } from "../base/json.js";

/**
 * Reads `--only`: comma-separated conditions that must all hold; several selectors: any of them.
 * A condition is `path=value` (a dotted path, or its end, as in `rate=0.1` for `model.rate`),
 * `path!=value`, or the beginning of a cell's id. The short form of a block stands for what it is
 * short for. Throws a UserError that names what would be right.
 *
 * @param expand how the science writes out short forms
 * @param said what messages begin with
 */
export function parseSelector(
  selectors: readonly string[],
  cells: readonly CellRecord[],
  expand: Science["expand"],
  said = "--only",
): (cell: CellRecord) => boolean {
  const paths = new Set(cells.flatMap((cell) => Object.keys(cell.settings)));
  const any = selectors.map((selector) => {
    const all = selector
      .split(BETWEEN)
      .map((text) => parseCondition(text.trim(), paths, expand, said));
    return (cell: CellRecord): boolean => all.every((holds) => holds(cell));
  });
  const selected = (cell: CellRecord): boolean => any.some((holds) => holds(cell));
  if (!cells.some(selected)) {
    throw new UserError(`${said} ${selectors.join(` ${said} `)} selects no cell`);
  }
  return selected;
}

/** The setting of cells that a condition is about; null where none of them has one like it. */
export function settingMeant(
  condition: string,
  cells: readonly Pick<CellRecord, "settings">[],
  expand: Science["expand"],
): string | null {
  const match = CONDITION.exec(condition);
  if (match === null) return null;
  const paths = new Set(cells.flatMap(({ settings }) => Object.keys(settings)));
  const [, given = "", , value = ""] = match;
  try {
    return findPath(given, value, paths, expand, "");
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

const CONDITION = /^([^=!]+?)\s*(!?=)\s*(.*)$/;

/** A comma that stands in no list or object. */
const BETWEEN = /,(?![^[{]*[\]}])/;

function parseCondition(
  text: string,
  paths: Set<string>,
  expand: Science["expand"],
  said: string,
): (cell: CellRecord) => boolean {
  const match = CONDITION.exec(text);
  if (match === null) {
    if (/^[0-9a-f]{4,16}$/.test(text)) return (cell) => cell.id.startsWith(text);
    throw new UserError(
      `${said}: "${text}" is neither path=value nor the beginning (4 digits or more) of a cell's id`,
    );
  }
  const [, given = "", operator, value = ""] = match;
  const path = findPath(given, value, paths, expand, said);
  const equal = (cell: CellRecord): boolean => {
    const found = cell.settings[path];
    if (found === undefined) return false;
    if (typeof found === "string") return found === value;
    if (typeof found === "number") return value !== "" && found === Number(value);
    return JSON.stringify(found) === value.replace(/\s+/g, "");
  };
  return operator === "=" ? equal : (cell) => !equal(cell);
}

function findPath(
  given: string,
  value: string,
  paths: Set<string>,
  expand: Science["expand"],
  said: string,
): string {
  if (paths.has(given)) return given;
  const block = expand({ [given]: value })[given];
  const named = isJsonObject(block) ? Object.keys(block).find((key) => block[key] === value) : null;
  if (named != null && paths.has(`${given}.${named}`)) return `${given}.${named}`;
  const ends = [...paths].filter((path) => path.endsWith(`.${given}`));
  if (ends.length === 1) return ends[0]!;
  if (ends.length > 1) {
    throw new UserError(`${said}: "${given}" could be ${ends.sort().join(" or ")}`);
  }
  const far = (path: string): number =>
    Math.min(distance(given, path), distance(given, path.split(".").at(-1)!));
  const near = [...paths].sort((a, b) => far(a) - far(b))[0];
  throw new UserError(
    `${said}: no cell has a setting "${given}"${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
