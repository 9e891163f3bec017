import type { Fingerprint } from "../base/fingerprint.js";
import type { StageRecord } from "../contract/records.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

/** All stages of one runner, as one node of a picture. */
export interface Kind {
  readonly runner: string;
  readonly stages: number;
  /** How many stages are in each state, states without stages left out: `cached`, `to run`. */
  readonly states: readonly (readonly [state: string, stages: number])[];
  /** Cells whose last stage is one of these. */
  readonly cells: number;
}

/** A graph with the stages of each runner as one node, so that 10,000 cells can be looked at. */
export interface Picture {
  readonly title: string;
  /** In the order of the plan: a kind stands behind the first kinds that it needs. */
  readonly kinds: readonly Kind[];
  /** Which kinds read which, with the number of pairs of stages. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly count: number }[];
}

/** A graph of stages, as far as its picture needs it: a plan, or what a sweep came to. */
export interface DrawnGraph {
  readonly cells: readonly { readonly stage: Fingerprint }[];
  readonly stages: ReadonlyMap<Fingerprint, { readonly record: StageRecord }>;
}

/** The picture of a plan. */
export const pictureOf = (
  name: string,
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Picture =>
  pictureBy(name, plan, (fingerprint) => {
    const seen = presence.get(fingerprint);
    if (seen?.manifest != null) return "cached";
    return seen?.wouldRun === true ? "to run" : "not needed";
  });

/**
 * The picture of a graph whose stages are in states of any kind.
 *
 * @param stateOf a word for the state of a stage
 */
export function pictureBy(
  name: string,
  { cells, stages }: DrawnGraph,
  stateOf: (fingerprint: Fingerprint) => string,
): Picture {
  const kinds = new Map<string, { stages: number; states: Map<string, number>; cells: number }>();
  const edges = new Map<string, { from: string; to: string; count: number }>();
  const cellsOf = new Map<Fingerprint, number>();
  for (const { stage } of cells) cellsOf.set(stage, (cellsOf.get(stage) ?? 0) + 1);
  for (const [fingerprint, { record }] of stages) {
    const kind = kinds.get(record.runner) ?? { stages: 0, states: new Map(), cells: 0 };
    kinds.set(record.runner, kind);
    const state = stateOf(fingerprint);
    kind.stages += 1;
    kind.states.set(state, (kind.states.get(state) ?? 0) + 1);
    kind.cells += cellsOf.get(fingerprint) ?? 0;
    for (const need of new Set(Object.values(record.inputs))) {
      const from = stages.get(need)?.record.runner;
      if (from === undefined) continue;
      const key = JSON.stringify([from, record.runner]);
      const edge = edges.get(key) ?? { from, to: record.runner, count: 0 };
      edges.set(key, edge);
      edge.count += 1;
    }
  }
  return {
    title: `${name}: ${count(cells.length, "cell")}, ${count(stages.size, "stage")}`,
    kinds: [...kinds].map(([runner, { states, ...kind }]) => ({
      ...{ runner, ...kind },
      states: [...states].sort(([a], [b]) => rankOf(a) - rankOf(b)),
    })),
    edges: [...edges.values()],
  };
}

/** What a node says, a line each. */
export function linesOf({ runner, stages, states, cells }: Kind): string[] {
  return [
    runner,
    count(stages, "stage") + (cells > 0 ? ` of ${count(cells, "cell")}` : ""),
    states.map(([state, number]) => `${number} ${state}`).join(", "),
  ];
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

/** How nodes look, and the states of stages that make them look so; the first that fits counts. */
const LOOKS = {
  failed: { fill: "#f9dcd9", states: ["failed", "skipped"] },
  run: { fill: "#d7e6fa", states: ["to run", "running", "waiting", "interrupted"] },
  cached: { fill: "#d5f0d5", states: ["cached", "made"] },
  idle: { fill: "#eeeeee", states: ["not needed"] },
} as const;

type Look = keyof typeof LOOKS;

const LOOK_NAMES = Object.keys(LOOKS) as Look[];

const lookOf = ({ states }: Kind): Look =>
  LOOK_NAMES.find((look) =>
    LOOKS[look].states.some((one) => states.some(([state]) => state === one)),
  ) ?? "idle";

/** States in the order in which a node tells them. */
const ORDER: readonly string[] = [LOOKS.cached, LOOKS.run, LOOKS.failed].flatMap(
  ({ states }): readonly string[] => states,
);
const rankOf = (state: string): number => {
  const rank = ORDER.indexOf(state);
  return rank < 0 ? ORDER.length : rank;
};

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
    ...LOOK_NAMES.filter((look) => kinds.some((kind) => lookOf(kind) === look)).map(
      (look) => `  classDef ${look} fill:${LOOKS[look].fill},stroke:${INK},color:${INK}`,
    ),
    "",
  ].join("\n");
}

/**
 * The picture as SVG, drawn by Graphviz (compiled to WebAssembly); it needs nothing of the machine.
 *
 * @param direction the way that arrows go: to the right, or down, where the picture is to be narrow
 */
export async function pictureAsSvg(
  { title, kinds, edges }: Picture,
  direction: "right" | "down" = "right",
): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  return viz.renderString(
    {
      graphAttributes: {
        rankdir: direction === "right" ? "LR" : "TB",
        label: title,
        labelloc: "t",
        fontname: "Helvetica",
      },
      nodeAttributes: {
        shape: "box",
        // Fonts of browsers are wider than the one that is reckoned with.
        margin: "0.25,0.1",
        style: "rounded,filled",
        fontname: "Helvetica",
        fontcolor: INK,
      },
      edgeAttributes: { fontname: "Helvetica", fontsize: 11 },
      nodes: kinds.map((kind) => ({
        name: kind.runner,
        attributes: { label: linesOf(kind).join("\n"), fillcolor: LOOKS[lookOf(kind)].fill },
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
