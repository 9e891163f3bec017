import type { Exhibit } from "../contract/exhibits.js";
import { attribute, html, type Html, tableOf } from "./html.js";

/** Things that stages made: tables, and texts side by side. */
export function exhibitSection(exhibits: readonly Exhibit[]): Html | null {
  if (exhibits.length === 0) return null;
  return html`<h2>What stages made</h2>
    ${exhibits.map((one) =>
      one.kind === "table"
        ? tableOf(one.title, one.head, one.rows)
        : html`<h3 dir="auto">${one.title}</h3>
            <div class="side" role="region" tabindex="0" aria-label=${attribute(one.title)}>
              ${one.texts.map(
                ({ title, text }) =>
                  html`<section>
                    <h4>${title}</h4>
                    <p class="text" dir="auto">${text === "" ? "(no text)" : text}</p>
                  </section>`,
              )}
            </div>`,
    )}`;
}
