import { stripVTControlCharacters } from "node:util";

/**
 * The number of columns that a text takes on a terminal: a wide character takes two; combining
 * marks and colour codes take none.
 */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of stripVTControlCharacters(text)) {
    if (/\p{Mark}|\p{Format}/u.test(char)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}

/**
 * Rows as aligned text, two blanks between columns, columns that hold only numbers to the right.
 * The head is one of the rows' shape; the last column is not padded.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paintHead: (text: string) => string = String,
): string {
  const widths = head.map((title) => widthOf(title));
  const numeric = head.map(() => true);
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
      if (!/^([+-]?[\d.,]+(e[-+]?\d+)?|-?)$/.test(stripVTControlCharacters(cell))) {
        numeric[column] = false;
      }
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const blanks = " ".repeat(widths[column]! - widthOf(cell));
        if (numeric[column]) return blanks + cell;
        return column === row.length - 1 ? cell : cell + blanks;
      })
      .join("  ");
  return [paintHead(line(head)), ...rows.map(line)].join("\n");
}
