import type { Comparison, MetricTable } from "../../report/index.js";
import { nameOfEntry, nameOfRow } from "../names.js";
import { drawSvg, type Room } from "../vega.js";
import type { Figure } from "./figure.js";
import { BESIDE_NAMES } from "./figure.js";

/**
 * Differences from the baseline with their 95 % intervals, one line a variant and row; null without a
 * baseline, or where no difference is known.
 */
export async function forestFigure(
  comparison: Comparison,
  table: MetricTable,
): Promise<Figure | null> {
  const points = table.rows.flatMap((row) =>
    row.variants.flatMap((entry) => {
      if (entry.difference === null || entry.baseline) return [];
      const { mean, interval } = entry.difference;
      return [
        {
          row: nameOfRow(comparison, row),
          variant: nameOfEntry(comparison, entry),
          kind: entry.control ? "control" : "variant",
          mean,
          low: interval?.[0] ?? mean,
          high: interval?.[1] ?? mean,
        },
      ];
    }),
  );
  if (points.length === 0) return null;
  const rows = [...new Set(points.map(({ row }) => row))];
  const variants = [...new Set(points.map(({ variant }) => variant))];
  const title = `${table.metric}: difference from the baseline`;
  const better = table.direction === "max" ? "right" : "left";
  const y = {
    ...({ field: "variant", type: "nominal" } as const),
    ...{ sort: variants, title: null },
  } as const;
  const colour = {
    field: "kind",
    type: "nominal",
    scale: { domain: ["variant", "control"] },
    legend: points.some(({ kind }) => kind === "control") ? { title: null } : null,
  } as const;
  const draw = (room: Room): Promise<string> =>
    drawSvg(
      {
        data: { values: points },
        // Names of rows stand above: beside the names of variants they would push the plot off a phone.
        facet: {
          ...{ field: "row", type: "nominal", sort: rows, title: null },
          header: rows.length > 1 ? { labelAnchor: "start" } : { labels: false },
        },
        columns: 1,
        spacing: 8,
        spec: {
          width: room === "wide" ? 420 : BESIDE_NAMES,
          height: { step: 24 },
          layer: [
            {
              // It says nothing to who does not see it.
              mark: { type: "rule", strokeDash: [4, 4], color: "currentColor", aria: false },
              encoding: { x: { datum: 0 } },
            },
            {
              mark: { type: "rule", strokeWidth: 2 },
              encoding: {
                y,
                color: colour,
                x: { field: "low", type: "quantitative", title: "difference" },
                x2: { field: "high" },
              },
            },
            {
              mark: { type: "point", filled: true, size: 70, opacity: 1 },
              encoding: { y, color: colour, x: { field: "mean", type: "quantitative" } },
            },
          ],
        },
      },
      title,
      room,
    );
  const [svg, narrow] = await Promise.all([draw("wide"), draw("narrow")]);
  const about = `Point: mean difference. Line: its 95 % interval. Better is to the ${better}.`;
  return { name: `difference-${table.metric}`, title, about, svg, narrow };
}
