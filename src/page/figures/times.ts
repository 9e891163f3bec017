import type { SweepState } from "../../journal/index.js";
import { secondsOf, stagesByKind } from "../stages.js";
import { drawSvg, type Room } from "../vega.js";
import type { Figure } from "./figure.js";
import { BESIDE_NAMES } from "./figure.js";

/** Seconds that the sweep's stages took, by kind; null where nothing was made. */
export async function timeFigure(state: SweepState): Promise<Figure | null> {
  const values = [...stagesByKind(state)].flatMap(([kind, stages]) => {
    const time = secondsOf(stages);
    return time > 0 ? [{ kind, time }] : [];
  });
  if (values.length === 0) return null;
  values.sort((a, b) => b.time - a.time);
  const title = "Time by kind of stage";
  const draw = (room: Room): Promise<string> =>
    drawSvg(
      {
        data: { values },
        width: room === "wide" ? 420 : BESIDE_NAMES,
        height: { step: 24 },
        mark: { type: "bar" },
        encoding: {
          y: { field: "kind", type: "nominal", sort: values.map(({ kind }) => kind), title: null },
          x: { field: "time", type: "quantitative", title: "seconds" },
        },
      },
      title,
      room,
    );
  const about = "Stages that run side by side are all counted.";
  return { name: "time", title, about, svg: await draw("wide"), narrow: await draw("narrow") };
}
