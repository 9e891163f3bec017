import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import { contains } from "./dotted.js";
import type { Problem } from "./problem.js";
import { sampledAxes } from "./sample-axes.js";
import type { SweepAxis } from "./sweep-axis.js";

/** Axes that move together: one of the grid, a zip group, or all sampled ones. */
export interface Dimension {
  readonly axes: readonly SweepAxis[];
  readonly length: number;
  /** Index of the zip group, {@link SAMPLE} for the sampled axes; null for the grid. */
  readonly zip: number | null;
}

/** The group of the sampled axes among the zip groups. */
export const SAMPLE = -1;

/** Settings of an include or an exclude, with its place in the document. */
export interface Point {
  readonly settings: JsonObject;
  readonly where: readonly string[];
}

/** The `sweep` block, read. */
export interface Sweep {
  readonly dimensions: readonly Dimension[];
  /** The GPUs that a `gpu` axis of the grid distributes cells over; null: there is no such axis. */
  readonly dealt: readonly number[] | null;
  readonly includes: readonly Point[];
  readonly excludes: readonly Point[];
  /** Cells of grid, zip and sample before anything is left out. */
  readonly product: number;
  /** True where it has more than {@link mostCells}, includes among them; then it is not expanded. */
  readonly tooLarge: boolean;
}

/** A sweep with more cells than this is an error: to expand and check these takes some seconds. */
export const mostCells = 100_000;

/** A mistake, or a doubt, about a sweep. */
export interface SweepProblem extends Problem {
  readonly severity: "error" | "warning";
}

/** Reads a `sweep` block that fits the schema; entries taken out because of mistakes are null. */
export function readSweep(sweep: Json | undefined): {
  readonly sweep: Sweep;
  readonly problems: readonly SweepProblem[];
} {
  const problems: SweepProblem[] = [];
  const wrong = (where: readonly string[], message: string, at: "key" | "value" = "key"): void => {
    problems.push({ where, at, message, severity: "error" });
  };
  const block = isJsonObject(sweep) ? sweep : {};
  const grid = axesOf(block["grid"], ["sweep", "grid"]);
  const groups = listOf(block["zip"]).map((group, index) => ({
    index,
    axes: axesOf(group, ["sweep", "zip", String(index)]),
  }));
  const sampled = sampledAxes(block["sample"], (problem) => problems.push(problem));
  const axes = [...grid, ...groups.flatMap((group) => group.axes), ...sampled];
  const clashing = overlaps(axes, wrong);
  warnOfRepeats(grid, problems);

  const dimensions: Dimension[] = grid
    .filter((axis) => axis.path !== "gpu" && !clashing.has(axis))
    .map((axis) => ({ axes: [axis], length: axis.values.length, zip: null }));
  for (const { index, axes: group } of groups) {
    const odd = group.find((axis) => axis.values.length !== group[0]!.values.length);
    if (odd !== undefined) {
      const list = group.map((axis) => `${axis.path} has ${axis.values.length}`).join(", ");
      wrong(odd.where, `the lists of a zip group must be equally long: ${list}`);
      continue;
    }
    const kept = group.filter((axis) => !clashing.has(axis));
    if (kept.length === 0) continue;
    dimensions.push({ axes: kept, length: kept[0]!.values.length, zip: index });
  }
  const drawn = sampled.filter((axis) => !clashing.has(axis));
  if (drawn.length > 0) {
    dimensions.push({ axes: drawn, length: drawn[0]!.values.length, zip: SAMPLE });
  }
  const includes = listOf(block["include"]).length;
  const product = dimensions.reduce((count, { length }) => count * length, 1);
  const cells = product + includes;
  if (cells > mostCells) {
    const message = `this sweep has ${cells.toLocaleString("en-US")} cells; at most ${mostCells.toLocaleString("en-US")} are allowed`;
    wrong(["sweep"], message);
  }
  const cards = grid.find((axis) => axis.path === "gpu" && !clashing.has(axis));
  return {
    sweep: {
      dimensions,
      dealt: cards === undefined ? null : (cards.values as readonly number[]),
      includes: includesOf(block["include"], wrong),
      excludes: excludesOf(block["exclude"], wrong),
      product,
      tooLarge: cells > mostCells,
    },
    problems,
  };
}

const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

function axesOf(block: Json | undefined, where: readonly string[]): readonly SweepAxis[] {
  if (!isJsonObject(block)) return [];
  return Object.entries(block).map(([path, values]) => ({
    path,
    values: listOf(values),
    where: [...where, path],
    placeOf: (index) => [...where, path, String(index)],
  }));
}

type Wrong = (where: readonly string[], message: string, at?: "key" | "value") => void;

/** Axes that vary the same setting as an earlier axis: the result would depend on their order. */
function overlaps(axes: readonly SweepAxis[], wrong: Wrong): ReadonlySet<SweepAxis> {
  const clashing = new Set<SweepAxis>();
  for (const [index, axis] of axes.entries()) {
    for (const other of axes.slice(0, index)) {
      if (!contains(other.path, axis.path) && !contains(axis.path, other.path)) continue;
      const message =
        other.path === axis.path
          ? `two axes vary ${axis.path}; put their values into one list`
          : `the axes ${other.path} and ${axis.path} overlap: one replaces what the other sets`;
      wrong(axis.where, message);
      clashing.add(axis);
      break;
    }
  }
  return clashing;
}

function warnOfRepeats(grid: readonly SweepAxis[], problems: SweepProblem[]): void {
  for (const axis of grid) {
    const seen = new Set<string>();
    for (const [index, value] of axis.values.entries()) {
      const key = canonicalJson(value);
      if (seen.has(key)) {
        const message = `${axis.path} lists this value twice; its cells are run once`;
        problems.push({
          where: [...axis.where, String(index)],
          at: "value",
          message,
          severity: "warning",
        });
      }
      seen.add(key);
    }
  }
}

function pointsOf(
  value: Json | undefined,
  where: readonly string[],
  wrong: Wrong,
): readonly Point[] {
  const points: Point[] = [];
  for (const [index, settings] of listOf(value).entries()) {
    if (!isJsonObject(settings)) continue;
    const here = [...where, String(index)];
    const paths = Object.keys(settings);
    const inner = paths.find((path) =>
      paths.some((other) => other !== path && contains(other, path)),
    );
    if (inner === undefined) points.push({ settings, where: here });
    else wrong([...here, inner], `${inner} overlaps another setting of this entry`);
  }
  return points;
}

function includesOf(value: Json | undefined, wrong: Wrong): readonly Point[] {
  const seen = new Set<string>();
  return pointsOf(value, ["sweep", "include"], wrong).filter(({ settings, where }) => {
    const key = canonicalJson(settings);
    const first = !seen.has(key);
    seen.add(key);
    if (!first) wrong(where, "this include is listed twice; remove one", "value");
    return first;
  });
}

function excludesOf(value: Json | undefined, wrong: Wrong): readonly Point[] {
  return pointsOf(value, ["sweep", "exclude"], wrong).filter(({ settings, where }) => {
    if (!Object.hasOwn(settings, "gpu")) return true;
    wrong([...where, "gpu"], "gpu is not a setting of a cell, so exclude cannot name it");
    return false;
  });
}
