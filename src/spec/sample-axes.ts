import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import { drawn, unit } from "./draws.js";
import type { Problem } from "./problem.js";
import type { SweepAxis } from "./sweep-axis.js";

const WHERE = ["sweep", "sample", "space"] as const;

type Tell = (problem: Problem & { readonly severity: "error" | "warning" }) => void;

/**
 * The axes of a `sweep.sample` that fits the schema, with one drawn value for each trial; parts of it
 * that were wrong may be missing, and then there are none.
 */
export function sampledAxes(sample: Json | undefined, tell: Tell): readonly SweepAxis[] {
  if (!isJsonObject(sample)) return [];
  const { trials, seed = 1, space } = sample;
  if (typeof trials !== "number" || typeof seed !== "number" || !isJsonObject(space)) return [];
  const axes: SweepAxis[] = [];
  for (const [path, range] of Object.entries(space)) {
    if (!isJsonObject(range)) continue;
    const where = [...WHERE, path];
    const message = mistakeIn(path, range);
    if (message !== null) {
      tell({ where, at: "key", message, severity: "error" });
      continue;
    }
    const values = Array.from({ length: trials }, (_, trial) =>
      drawn(range, unit(seed, path, trial)),
    );
    axes.push({ path, values, where, placeOf: () => where });
  }
  warnOfEqualTrials(axes, trials, tell);
  return axes;
}

function mistakeIn(path: string, range: JsonObject): string | null {
  if (path === "gpu") return "gpu is not a setting of a cell; distribute cells in sweep.grid";
  if (path === "seed") {
    return "seeds are replicates, so that none is drawn; list them in sweep.grid: seed: [1, 2, 3]";
  }
  const [kind] = Object.keys(range);
  if (kind === undefined || kind === "choice") return null;
  const [low, high] = range[kind] as unknown as readonly [number, number];
  if (low < high) return null;
  return `${kind} needs a lower end below the upper one, not [${low}, ${high}]`;
}

/** Reports trials that draw the same values as an earlier one: their cells are run once. */
function warnOfEqualTrials(axes: readonly SweepAxis[], trials: number, tell: Tell): void {
  const seen = new Set(
    Array.from({ length: trials }, (_, trial) =>
      canonicalJson(axes.map(({ values }) => values[trial]!)),
    ),
  );
  if (axes.length === 0 || seen.size === trials) return;
  const message = `the ${trials} trials draw ${seen.size} different joint settings; equal ones are run once`;
  tell({ where: ["sweep", "sample", "trials"], at: "value", message, severity: "warning" });
}
