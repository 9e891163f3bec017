import type { Response } from "../../report/index.js";
import { drawSvg, type Room } from "../vega.js";
import type { Figure } from "./figure.js";
import { BESIDE_NUMBERS } from "./figure.js";

/** Vega says so on stderr where it is told something of a scale that has it not. */
const scaleOf = (logarithmic: boolean) =>
  logarithmic
    ? ({ type: "log", nice: false } as const)
    : ({ type: "linear", zero: false } as const);

/** A metric over the values of a setting: points are cells, lines the means over seeds. */
export async function responseFigure(response: Response): Promise<Figure> {
  const { label, metric, logarithmic, cells, means } = response;
  const rows = [...new Set(cells.map(({ row }) => row))];
  const variants = [...new Set(cells.map(({ variant }) => variant))];
  const title = `${metric} by ${label}`;
  const x = {
    field: "x",
    type: "quantitative",
    title: label,
    scale: scaleOf(logarithmic),
    axis: {
      values: [...new Set(cells.map((point) => point.x))].sort((a, b) => a - b),
      format: "~g",
    },
  } as const;
  const y = {
    field: "value",
    type: "quantitative",
    title: metric,
    scale: { zero: false },
  } as const;
  const color = {
    field: "variant",
    type: "nominal",
    sort: variants,
    title: null,
    ...(variants.length > 1 ? {} : { legend: null }),
  } as const;
  const draw = (room: Room): Promise<string> =>
    drawSvg(
      {
        data: { values: [...cells.map((one) => ({ ...one, of: "cell" })), ...means] },
        facet: {
          ...{ field: "row", type: "nominal", sort: rows, title: null },
          header: rows.length > 1 ? {} : { labels: false },
        },
        columns: room === "wide" ? 2 : 1,
        spec: {
          width: room === "narrow" ? BESIDE_NUMBERS : rows.length > 1 ? 260 : 540,
          height: 180,
          layer: [
            {
              transform: [{ filter: "datum.of === 'cell'" }],
              mark: { type: "point", filled: true, size: 24, opacity: 0.6 },
              encoding: { x, y, color },
            },
            {
              transform: [{ filter: "datum.of !== 'cell'" }],
              mark: { type: "line", strokeWidth: 2 },
              encoding: { x, y, color, detail: { field: "line" } },
            },
          ],
        },
      },
      title,
      room,
    );
  const about = "A point is a cell, a line the mean over seeds.";
  return {
    name: `response-${response.path}`,
    title,
    about,
    svg: await draw("wide"),
    narrow: await draw("narrow"),
  };
}
