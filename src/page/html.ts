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

/** A table with a caption; the first `heads` columns name their row. */
export function tableOf(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  heads = 1,
): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${attribute(caption)}>
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, column) =>
                column < heads ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
