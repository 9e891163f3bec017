import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

/** All stages of one runner, as one node of a picture. */
export interface Kind {
  readonly runner: string;
  readonly stages: number;
  readonly cached: number;
  /** Stages that would run, damaged ones among them. */
  readonly toRun: number;
  /** Cells whose last stage is one of these. */
  readonly cells: number;
}

/** A plan with the stages of each runner as one node, so that 10,000 cells can be looked at. */
export interface Picture {
  readonly title: string;
  /** In the order of the plan: a kind stands behind the first kinds that it needs. */
  readonly kinds: readonly Kind[];
  /** Which kinds read which, with the number of pairs of stages. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly count: number }[];
}

/** The picture of a plan. */
export function pictureOf(
  name: string,
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Picture {
  const kinds = new Map<string, { stages: number; cached: number; toRun: number; cells: number }>();
  const edges = new Map<string, { from: string; to: string; count: number }>();
  for (const [fingerprint, { record, needs, cells }] of plan.stages) {
    const kind = kinds.get(record.runner) ?? { stages: 0, cached: 0, toRun: 0, cells: 0 };
    kinds.set(record.runner, kind);
    const seen = presence.get(fingerprint);
    kind.stages += 1;
    kind.cached += seen?.manifest == null ? 0 : 1;
    kind.toRun += seen?.wouldRun === true ? 1 : 0;
    kind.cells += cells.length;
    for (const need of needs) {
      const from = plan.stages.get(need)!.record.runner;
      const key = JSON.stringify([from, record.runner]);
      const edge = edges.get(key) ?? { from, to: record.runner, count: 0 };
      edges.set(key, edge);
      edge.count += 1;
    }
  }
  return {
    title: `${name}: ${count(plan.cells.length, "cell")}, ${count(plan.stages.size, "stage")}`,
    kinds: [...kinds].map(([runner, kind]) => ({ runner, ...kind })),
    edges: [...edges.values()],
  };
}

/** What a node says, a line each. */
export function linesOf({ runner, stages, cached, toRun, cells }: Kind): string[] {
  const idle = stages - cached - toRun;
  const states = [
    ...(cached > 0 ? [`${cached} cached`] : []),
    ...(toRun > 0 ? [`${toRun} to run`] : []),
    ...(idle > 0 ? [`${idle} not needed`] : []),
  ];
  return [
    runner,
    count(stages, "stage") + (cells > 0 ? ` of ${count(cells, "cell")}` : ""),
    states.join(", "),
  ];
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

/** How a node looks: all is cached, or something would run, or nothing is needed. */
const lookOf = ({ toRun, cached }: Kind): "cached" | "run" | "idle" =>
  toRun > 0 ? "run" : cached > 0 ? "cached" : "idle";

const FILLS = { cached: "#d5f0d5", run: "#d7e6fa", idle: "#eeeeee" } as const;
const INK = "#1a1a1a";

/** The picture as a Mermaid flowchart. */
export function pictureAsMermaid({ title, kinds, edges }: Picture): string {
  const ids = new Map(kinds.map(({ runner }, index) => [runner, `k${index}`]));
  const text = (value: string): string =>
    value.replaceAll(/[&"<>#]/g, (letter) => `#${letter.codePointAt(0)};`);
  return [
    `%% ${title.replaceAll(/\s+/g, " ")}`,
    "flowchart LR",
    ...kinds.map(
      (kind) =>
        `  ${ids.get(kind.runner)}["${linesOf(kind).map(text).join("<br>")}"]:::${lookOf(kind)}`,
    ),
    ...edges.map(({ from, to, count }) => `  ${ids.get(from)} -->|${count}| ${ids.get(to)}`),
    ...Object.entries(FILLS).map(
      ([look, fill]) => `  classDef ${look} fill:${fill},stroke:${INK},color:${INK}`,
    ),
    "",
  ].join("\n");
}

/** The picture as SVG, drawn by Graphviz (compiled to WebAssembly); it needs nothing of the machine. */
export async function pictureAsSvg({ title, kinds, edges }: Picture): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  return viz.renderString(
    {
      graphAttributes: { rankdir: "LR", label: title, labelloc: "t", fontname: "Helvetica" },
      nodeAttributes: {
        shape: "box",
        style: "rounded,filled",
        fontname: "Helvetica",
        fontcolor: INK,
      },
      edgeAttributes: { fontname: "Helvetica", fontsize: 11 },
      nodes: kinds.map((kind) => ({
        name: kind.runner,
        attributes: { label: linesOf(kind).join("\n"), fillcolor: FILLS[lookOf(kind)] },
      })),
      edges: edges.map(({ from, to, count: pairs }) => ({
        tail: from,
        head: to,
        attributes: { label: String(pairs) },
      })),
    },
    { format: "svg" },
  );
}
