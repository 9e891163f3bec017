import type { PageContent } from "../content.js";
import { nameOfEntry, nameOfRow } from "../names.js";
import { drawSvg, type Room } from "../vega.js";
import type { Figure } from "./figure.js";
import { BESIDE_NUMBERS } from "./figure.js";

/** Lines of one figure; with more, nobody can follow one. */
const MOST_LINES = 200;

/**
 * A metric over the steps of training, one line a cell, coloured by variant: of the cells that the
 * comparison shows, so that after a selection the picked ones stand here. Null where none has it.
 */
export async function curveFigure(
  { comparison, state, stepsOf }: Pick<PageContent, "comparison" | "state" | "stepsOf">,
  metric: string,
): Promise<Figure | null> {
  const stageOf = new Map(state.cells.map(({ id, stage }) => [id as string, stage]));
  const points: { row: string; variant: string; cell: string; step: number; value: number }[] = [];
  const lines = new Set<string>();
  for (const row of comparison.metrics[0]?.rows ?? []) {
    for (const entry of row.variants) {
      const names = { row: nameOfRow(comparison, row), variant: nameOfEntry(comparison, entry) };
      for (const { cell } of entry.values) {
        const stage = stageOf.get(cell);
        if (lines.size >= MOST_LINES || stage === undefined) continue;
        for (const { step, values } of stepsOf(stage)) {
          const value = values[metric];
          if (value === undefined || !Number.isFinite(value)) continue;
          points.push({ ...names, cell, step, value });
          lines.add(cell);
        }
      }
    }
  }
  if (points.length === 0) return null;
  const rows = [...new Set(points.map(({ row }) => row))];
  const variants = [...new Set(points.map(({ variant }) => variant))];
  const title = `${metric} in training`;
  const draw = (room: Room): Promise<string> =>
    drawSvg(
      {
        data: { values: points },
        facet: {
          field: "row",
          type: "nominal",
          sort: rows,
          title: null,
          header: rows.length > 1 ? {} : { labels: false },
        },
        columns: room === "wide" ? 2 : 1,
        spec: {
          width: room === "narrow" ? BESIDE_NUMBERS : rows.length > 1 ? 260 : 540,
          height: 180,
          mark: { type: "line", strokeWidth: 1.5, opacity: 0.8 },
          encoding: {
            x: { field: "step", type: "quantitative", title: "step", axis: { tickMinStep: 1 } },
            y: { field: "value", type: "quantitative", title: metric, scale: { zero: false } },
            color: { field: "variant", type: "nominal", sort: variants, title: null },
            detail: { field: "cell" },
          },
        },
      },
      title,
      room,
    );
  return {
    name: `curve-${metric}`,
    title,
    about: "One line a cell; colours tell the variants.",
    svg: await draw("wide"),
    narrow: await draw("narrow"),
  };
}
