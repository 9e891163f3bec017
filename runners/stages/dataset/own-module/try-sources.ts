import type { Diagnostic } from "../../../../src/base/diagnostic.js";
import { canonicalJson, type JsonObject } from "../../../../src/base/json.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { runTrial } from "../../../base/modules/trial-process.js";
import { datasetStage } from "../stage.js";
import { isModulePath } from "./module.js";
import { MODULE_FILE } from "./open.js";
import type { Trial } from "./trial.js";

/** Seconds in which a module has to give its first rows. */
const LIMIT = 60;

/**
 * Reads the first rows of data sets that are modules of the user's. A mistake stands at the line of the
 * module where it happened, or at the function whose rows are wrong.
 */
export async function trySources(
  cells: readonly JsonObject[],
  place: SpecPlace,
): Promise<readonly Diagnostic[]> {
  const trials = new Map<string, Trial>();
  for (const settings of cells) {
    const dataset = settings["dataset"] as JsonObject | string | undefined;
    if (!isModulePath(typeof dataset === "object" ? dataset["id"] : dataset)) continue;
    const { params, files } = datasetStage(settings, place);
    const paths = Object.fromEntries(Object.entries(files).map(([name, { path }]) => [name, path]));
    trials.set(canonicalJson({ params, files: paths }), { params, files: paths });
  }
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const trial of trials.values()) {
    for (const diagnostic of await run(trial)) {
      const key = canonicalJson(diagnostic as unknown as JsonObject);
      if (!seen.has(key)) found.push(diagnostic);
      seen.add(key);
    }
  }
  return found;
}

async function run(trial: Trial): Promise<readonly Diagnostic[]> {
  const end = await runTrial(new URL("./trial.js", import.meta.url), trial, { seconds: LIMIT });
  const at = { path: "dataset.id" } as const;
  if (end.faults !== null)
    return end.faults.map((fault) => ({ severity: "error", ...at, ...fault }));
  const why = end.timedOut ? `its first rows were not there after ${LIMIT} s` : end.why;
  const message = `its rows were not tried: ${why}`;
  return [
    {
      severity: end.timedOut ? "hint" : "error",
      ...at,
      file: trial.files[MODULE_FILE]!,
      line: 1,
      column: 1,
      message,
    },
  ];
}
