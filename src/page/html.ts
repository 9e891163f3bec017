import { escapeAttribute, escapeText } from "entities/escape";

/** Markup that needs no escaping any more. */
export class Html {
  constructor(readonly markup: string) {}
}

type Part = string | number | Html | null | readonly Part[];

const markupOf = (part: Part): string =>
  part === null
    ? ""
    : part instanceof Html
      ? part.markup
      : typeof part === "object"
        ? part.map(markupOf).join("")
        : escapeText(String(part));

/** Markup from a template; what is put in is escaped, unless it is markup itself. Not for attributes. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(String.raw({ raw: texts }, ...parts.map(markupOf)));

/** A text as an attribute's value, with its quotes. */
export const attribute = (text: string): Html => new Html(`"${escapeAttribute(text)}"`);

/** A table with so many columns is read row by row on a phone. */
const MANY_COLUMNS = 4;

/**
 * A table with a caption; the first `heads` columns name their row. On a phone a table of many columns is a list of
 * its rows, each value beside its column's name; the roles are named, since such a row is no table's to a browser.
 */
export function tableOf(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  heads = 1,
): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${attribute(caption)}>
    <table role="table" class=${attribute(head.length < MANY_COLUMNS ? "" : "rows")}>
      <caption>
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${head.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          (row) =>
            html`<tr role="row">
              ${row.map((cell, column) => cellOf(cell, column < heads ? null : head[column]!))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A cell of a table under the head of its column; null: it names its row. */
function cellOf(cell: string | Html, head: string | null): Html {
  if (head === null) return html`<th role="rowheader" scope="row">${cell}</th>`;
  const empty = cell === "-" ? ' class="none"' : "";
  const told = new Html(`data-head=${attribute(head).markup}${empty}`);
  return html`<td role="cell" ${told}>${cell}</td>`;
}
