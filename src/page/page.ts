import { readFile } from "node:fs/promises";
import { packageFile } from "../base/package.js";
import { redact } from "../base/redact.js";
import type { SweepState } from "../journal/index.js";
import type { Comparison } from "../report/index.js";
import { findingLines, notesOf, warningLines } from "../report/index.js";
import { colourStyle } from "./colours.js";
import type { PageContent } from "./content.js";
import { exhibitSection } from "./exhibits.js";
import { curveFigure } from "./figures/curves.js";
import type { Figure } from "./figures/figure.js";
import { forestFigure } from "./figures/forest.js";
import { responseFigure } from "./figures/response.js";
import { timeFigure } from "./figures/times.js";
import { graphFigure } from "./graph.js";
import { attribute, Html, html } from "./html.js";
import { originSection } from "./origin.js";
import { resultsTable } from "./results.js";
import { stagesTable } from "./stages.js";

/** A report as one HTML file, and the figures on it. */
export interface Page {
  readonly html: string;
  readonly figures: readonly Figure[];
}

/**
 * A sweep's report as one HTML file: it holds its figures and its style, and asks for nothing from a
 * network. What was found comes first, in words.
 */
export async function pageOf(content: PageContent): Promise<Page> {
  const { comparison, state } = content;
  const rules = await readFile(packageFile("src/page/page.css"), "utf8");
  const style = new Html(`${colourStyle()}\n${rules}`);
  const figures: Figure[] = [];
  const figure = (drawn: Figure | null): Html | null => {
    if (drawn !== null) figures.push(drawn);
    return figureOf(drawn);
  };
  const tables: Html[] = [];
  for (const table of comparison.metrics) {
    const forest = figure(await forestFigure(comparison, table));
    tables.push(
      html`<h3>${table.metric}</h3>
        ${resultsTable(comparison, table)} ${forest}`,
    );
  }
  const responses: (Html | null)[] = [];
  for (const one of content.responses) responses.push(figure(await responseFigure(one)));
  const lines: (Html | null)[] = [];
  for (const metric of content.curves) lines.push(figure(await curveFigure(content, metric)));
  const times = figure(await timeFigure(state));
  const graph = figure(await graphFigure(state));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${comparison.experiment}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <h1>${comparison.experiment}</h1>
          <p class="quiet">${standing(state)}</p>
          ${findings(comparison)} ${warnings(comparison)}
          <h2>Results</h2>
          ${tables.length === 0 ? html`<p>No cell has a result yet.</p>` : tables}
          ${notes(comparison)} ${section("Settings and results", responses)}
          ${section("Training", lines)} ${exhibitSection(content.exhibits)}
          <h2>Stages</h2>
          ${stagesTable(state)} ${times} ${graph} ${originSection(state, content.toolchain)}
        </main>
      </body>
    </html> `;
  return { html: redact(page.markup), figures };
}

/** `done; 24 cells: 24 done; 2026-11-26` */
function standing(state: SweepState): string {
  const counts = new Map<string, number>();
  for (const { stage } of state.cells) {
    const status = state.stages.get(stage)!.status;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const cells = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  const day = new Date(state.endedAt ?? state.time).toISOString().slice(0, 16).replace("T", " ");
  return `Sweep ${state.sweep}: ${state.status}. Cells: ${cells}. ${day} UTC`;
}

function findings(comparison: Comparison): Html | null {
  const lines = findingLines(comparison);
  if (lines.length === 0) return null;
  return html`<h2>What was found</h2>
    <div class="finding">${lines.map((line) => html`<p>${line}</p>`)}</div>`;
}

function warnings(comparison: Comparison): Html | null {
  const lines = warningLines(comparison);
  if (lines.length === 0) return null;
  return html`<h2>Warnings</h2>
    <ul class="warnings">
      ${lines.map((line) => html`<li>${line.replace(/^warning: /, "")}</li>`)}
    </ul>`;
}

function notes(comparison: Comparison): Html | null {
  const lines = notesOf(comparison);
  if (lines.length === 0) return null;
  return html`<details>
    <summary>How to read these tables</summary>
    <ul>
      ${lines.map((line) => html`<li>${line.trim()}</li>`)}
    </ul>
  </details>`;
}

function section(title: string, parts: readonly (Html | null)[]): Html | null {
  return parts.every((one) => one === null)
    ? null
    : html`<h2>${title}</h2>
        ${parts}`;
}

function figureOf(figure: Figure | null): Html | null {
  if (figure === null) return null;
  return html`<figure>
    <figcaption><strong>${figure.title}.</strong> ${figure.about}</figcaption>
    <div class="scroll" role="region" tabindex="0" aria-label=${attribute(figure.title)}>
      <div class="wide">${new Html(figure.svg)}</div>
      <div class="narrow">${new Html(figure.narrow)}</div>
    </div>
  </figure>`;
}
