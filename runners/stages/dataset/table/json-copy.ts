import { closeSync, openSync, writeSync } from "node:fs";
import { UserError } from "../../../../src/base/exit.js";
import type { Json } from "../../../../src/base/json.js";
import { readRecords } from "../records.js";
import { BadLines } from "./bad-lines.js";
import type { RowTask } from "./row.js";

const PIECE = 1 << 20;

/**
 * Writes JSON Lines as delimited text (quoted, by commas, without a header) for a query: a column for
 * each field that some line has. Null and a missing field are empty; a list or an object is its JSON.
 * The files are read twice, first for the names of their fields.
 *
 * @param what the table, for messages
 * @returns names of the columns, in the order in which they first appear
 */
export async function jsonCopy(
  task: Pick<RowTask, "note" | "progress">,
  what: string,
  paths: readonly string[],
  target: string,
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const path of paths) {
    await readRecords(path, {
      fields: [],
      quick: () => false,
      slow: (record) => {
        for (const name of Object.keys(record)) names.add(name);
        return undefined;
      },
    });
  }
  if (names.size === 0) throw new UserError(`${paths[0]}: its lines have no fields`);
  const bad = new BadLines();
  const file = openSync(target, "w");
  let text = "";
  try {
    for (const path of paths) {
      const counts = await readRecords(path, {
        fields: [],
        quick: () => false,
        slow: (record) => {
          const fields: string[] = [];
          for (const name of names) {
            const value = fieldText(Object.hasOwn(record, name) ? record[name]! : null);
            if (value === undefined)
              return `${name} is a whole number above 2^53, whose last digits are lost; write it as text`;
            // An empty field is no value; quoted it would be an empty text.
            fields.push(value === "" ? "" : `"${value.replaceAll('"', '""')}"`);
          }
          text += `${fields.join(",")}\n`;
          if (text.length > PIECE) {
            writeSync(file, text);
            text = "";
          }
          return undefined;
        },
        afterPiece: ({ done, total }) => task.progress(done, total, `bytes of ${what}`),
      });
      bad.lines += counts.lines;
      bad.addAll(
        counts.bad,
        counts.firstBad.map((each) => `${path}: ${each}`),
      );
    }
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  const told = bad.told(what);
  if (told !== undefined) task.note("warning", told);
  return [...names];
}

/** A value as text; undefined for a whole number whose digits are not sure. */
function fieldText(value: Json): string | undefined {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
    return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
