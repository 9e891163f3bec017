import type { SweepState } from "../../journal/index.js";
import { drawSvg } from "../vega.js";
import type { Figure } from "./figure.js";

/** Seconds that the sweep's stages took, by kind; null where nothing was made. */
export async function timeFigure(state: SweepState): Promise<Figure | null> {
  const seconds = new Map<string, number>();
  for (const stage of state.stages.values()) {
    // Fused cells are trained together: each is charged its part.
    const own = stage.seconds / Math.max(1, stage.fusedWith);
    if (own > 0) seconds.set(stage.record.runner, (seconds.get(stage.record.runner) ?? 0) + own);
  }
  if (seconds.size === 0) return null;
  const values = [...seconds].map(([kind, time]) => ({ kind, time }));
  values.sort((a, b) => b.time - a.time);
  const title = "time by kind of stage";
  const svg = await drawSvg(
    {
      data: { values },
      width: 420,
      height: { step: 24 },
      mark: { type: "bar" },
      encoding: {
        y: { field: "kind", type: "nominal", sort: values.map(({ kind }) => kind), title: null },
        x: { field: "time", type: "quantitative", title: "seconds" },
      },
    },
    title,
  );
  return { title, about: "Stages that run side by side are all counted.", svg };
}
