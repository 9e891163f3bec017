import type { TopLevelSpec } from "vega-lite";

/**
 * Colours of series, as CSS variables of the page, so that one picture serves the light and the dark
 * scheme. In order of use; the eighth and later series begin anew.
 */
const SERIES = Array.from({ length: 7 }, (_, place) => `var(--series-${place + 1})`);

/** The look that all figures share; text and lines take the page's colours. */
const CONFIG: NonNullable<TopLevelSpec["config"]> = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    tickColor: "var(--line)",
    domainColor: "var(--line)",
    gridColor: "var(--line)",
    gridOpacity: 0.5,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 320,
  },
  header: { labelColor: "currentColor", titleColor: "currentColor", labelFontSize: 12 },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: 12,
    labelLimit: 320,
    symbolStrokeWidth: 2,
    orient: "bottom",
    columns: 2,
  },
  mark: { color: SERIES[0]! },
  range: { category: [...SERIES] },
};

/** What differs where a picture is to stand on a phone's screen: names stand below each other, and are cut. */
const ON_A_PHONE: typeof CONFIG = {
  ...CONFIG,
  axis: { ...CONFIG.axis, labelLimit: 160 },
  legend: { ...CONFIG.legend, columns: 1, labelLimit: 260 },
};

/** The two ways in which a picture is drawn. */
export type Room = "wide" | "narrow";

/**
 * A Vega-Lite specification drawn as SVG, without a browser.
 *
 * @param label what the picture shows, for readers who do not see it
 * @param room what it is to fit into: a window, or the screen of a phone
 */
export async function drawSvg(
  spec: TopLevelSpec,
  label: string,
  room: Room = "wide",
): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import("vega-lite"), import("vega")]);
  const { spec: compiled } = compile({
    ...spec,
    config: room === "wide" ? CONFIG : ON_A_PHONE,
  } as TopLevelSpec);
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  const { escapeAttribute } = await import("entities/escape");
  // Vega gives the picture itself no role and no name.
  return svg.replace(
    "<svg ",
    `<svg role="graphics-document" aria-label="${escapeAttribute(label)}" `,
  );
}
