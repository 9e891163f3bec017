import { readFile } from "node:fs/promises";
import { packageFile } from "../base/package.js";
import { redact } from "../base/redact.js";
import type { SweepState } from "../journal/index.js";
import type { Comparison, MetricTable } from "../report/index.js";
import { claimLines, notesOf, warningLines } from "../report/index.js";
import { curveFigure } from "./figures/curves.js";
import type { Figure } from "./figures/figure.js";
import { forestFigure } from "./figures/forest.js";
import { timeFigure } from "./figures/times.js";
import { attribute, Html, html } from "./html.js";
import { originSection } from "./origin.js";
import { resultsTable } from "./results.js";
import { stagesTable } from "./stages.js";

/** What a page is made of. */
export interface PageContent {
  readonly comparison: Comparison;
  readonly state: SweepState;
  /** Metrics whose curves over the steps of training are drawn. */
  readonly curves: readonly string[];
}

/**
 * A sweep's report as one HTML file: it holds its figures and its style, and asks for nothing from a
 * network. What was found comes first, in words.
 */
export async function pageOf({ comparison, state, curves }: PageContent): Promise<string> {
  const style = new Html(await readFile(packageFile("src/page/page.css"), "utf8"));
  const tables = await Promise.all(
    comparison.metrics.map(async (table) => metricSection(comparison, table)),
  );
  const lines: (Figure | null)[] = [];
  for (const metric of curves) lines.push(await curveFigure(comparison, state, metric));
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
          ${notes(comparison)} ${section("Training", lines)}
          <h2>Stages</h2>
          ${stagesTable(state)} ${figureOf(await timeFigure(state))} ${originSection(state)}
        </main>
      </body>
    </html> `;
  return redact(page.markup);
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
  const lines = claimLines(comparison);
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

async function metricSection(comparison: Comparison, table: MetricTable): Promise<Html> {
  return html`<h3>${table.metric}</h3>
    ${resultsTable(comparison, table)} ${figureOf(await forestFigure(comparison, table))}`;
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

function section(title: string, figures: readonly (Figure | null)[]): Html | null {
  const drawn = figures.filter((one) => one !== null);
  return drawn.length === 0
    ? null
    : html`<h2>${title}</h2>
        ${drawn.map(figureOf)}`;
}

function figureOf(figure: Figure | null): Html | null {
  if (figure === null) return null;
  return html`<figure>
    <figcaption><strong>${figure.title}.</strong> ${figure.about}</figcaption>
    <div class="scroll" role="region" tabindex="0" aria-label=${attribute(figure.title)}>
      ${new Html(figure.svg)}
    </div>
  </figure>`;
}
