import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../../../../src/base/diagnostic.js";
import { canonicalJson, type JsonObject } from "../../../../src/base/json.js";
import { packageFile } from "../../../../src/base/package.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { Fault } from "../../../base/modules/place.js";
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
  const here = fileURLToPath(new URL("./trial.js", import.meta.url));
  // Where r4ec runs from its sources, what was compiled does the work.
  const program = existsSync(here)
    ? here
    : packageFile("dist/runners/stages/dataset/own-module/trial.js");
  const { execa } = await import("execa");
  const { stdout, stderr, failed, timedOut } = await execa(
    process.execPath,
    ["--enable-source-maps", program, JSON.stringify(trial)],
    { reject: false, stdin: "ignore", timeout: LIMIT * 1000 },
  );
  const last = stdout.split("\n").at(-1) ?? "";
  const at = { path: "dataset.id" } as const;
  if (!failed && last.startsWith("[")) {
    return (JSON.parse(last) as Fault[]).map((fault) => ({ severity: "error", ...at, ...fault }));
  }
  const why = timedOut
    ? `its first rows were not there after ${LIMIT} s`
    : (stderr.trim().split("\n").at(-1) ?? "no message");
  const message = `its rows were not tried: ${why}`;
  return [
    {
      severity: timedOut ? "hint" : "error",
      ...at,
      file: trial.files[MODULE_FILE]!,
      line: 1,
      column: 1,
      message,
    },
  ];
}
