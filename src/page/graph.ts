import { pictureAsSvg, pictureBy } from "../plan/index.js";
import type { SweepState } from "../journal/index.js";
import type { Figure } from "./figures/figure.js";

/** The graph of a sweep's stages, a node for each kind. */
export async function graphFigure(state: SweepState): Promise<Figure | null> {
  if (state.stages.size === 0) return null;
  const picture = pictureBy(state.experiment, state, (fingerprint) => {
    const { status } = state.stages.get(fingerprint)!;
    return status === "done" ? "made" : status;
  });
  const title = "Graph of stages";
  const draw = async (direction: "right" | "down"): Promise<string> => {
    const svg = await pictureAsSvg({ ...picture, title: "" }, direction);
    return svg
      .slice(svg.indexOf("<svg"))
      .replace("<svg ", `<svg class="graph" role="img" aria-label="${title}" `);
  };
  return {
    name: "graph",
    title,
    about: `A box is a kind of stage, an arrow what it reads, with the number of pairs. ${picture.title}.`,
    svg: await draw("right"),
    narrow: await draw("down"),
  };
}
