import { mistakesOfSpec, mostMistakes } from "./mistakes.js";
import type { Diagnostic } from "../base/diagnostic.js";
import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { err, ok, type Result } from "../base/result.js";
import type { Science } from "../contract/science.js";
import { cardWishes } from "./cards.js";
import { expandCells } from "./cells.js";
import { checkCells, reportWrong } from "./check.js";
import { contains } from "./dotted.js";
import type { Axis, Experiment } from "./experiment.js";
import { checkCluster, clusterOf } from "./cluster.js";
import { checkTimeLimits, failuresOf } from "./failures.js";
import { validatorFor } from "./kept-validator.js";
import { Normaliser } from "./normalise.js";
import type { Problem } from "./problem.js";
import { prune } from "./prune.js";
import { remark } from "./remarks.js";
import { compose, type Surroundings } from "./compose.js";
import { Report } from "./report.js";
import { warnOfAxes } from "./shadowed.js";
import { resolve } from "./resolve.js";
import { environmentsOf, resourcesOf, trackingOf } from "./resolved.js";
import { sampleOf } from "./sample.js";
import { readSource, type Source } from "./source.js";
import { checkMetricNames } from "./metric-names.js";
import { readSweep, type Sweep } from "./sweep.js";
import { variedBlocks } from "./varied-blocks.js";
import { readViews } from "./views.js";

/**
 * Reads, checks and expands the spec in `file`. On failure: every mistake found, in the order of
 * the files (warnings and hints among them). On success the warnings stand in the experiment.
 */
export function loadSpec(
  file: string,
  science: Science,
  surroundings: Surroundings = {},
): Result<Experiment, readonly Diagnostic[]> {
  const source = readSource(file);
  return source.ok ? readSpec(source.value, science, surroundings) : err([source.error]);
}

/** The same for a file that has been read. */
export function readSpec(
  source: Source,
  general: Science,
  surroundings: Surroundings = {},
): Result<Experiment, readonly Diagnostic[]> {
  const composed = compose(source, general, surroundings);
  const report = new Report(composed.places, composed.files);
  for (const { position, message, path } of composed.mistakes) {
    report.addAt(position, message, path?.join(".") ?? null);
  }
  if (!composed.readable) return err(report.diagnostics);
  const document = composed.value;
  if (!isJsonObject(document)) {
    const message =
      document === null
        ? "the file is empty; `r4ec init` writes a spec to start from"
        : "a spec is a mapping of settings (`name: ...`)";
    report.add("error", { where: [], at: "value", message });
    return err(report.diagnostics);
  }

  const place = { folder: source.folder };
  const science = { ...general, ...general.extended?.(document, place) };
  const validator = validatorFor(science, pathsIn(document));
  const { schema } = validator;
  const mistakes = mistakesOfSpec(validator, document).filter(
    (problem) => !suppliedByAxis(problem, document),
  );
  for (const problem of mistakes.slice(0, mostMistakes)) report.add("error", problem);
  if (mistakes.length > mostMistakes) {
    const { where, at } = mistakes[mostMistakes]!;
    const message = `there are more mistakes than the ${mostMistakes} before this place; mend those first`;
    report.add("error", { where, at, message });
    return err(report.diagnostics);
  }
  // What is missing may stand in the files that it should name.
  if (mistakes.some(({ where }) => where[0] === "extends")) return err(report.diagnostics);
  const sound = prune(document, mistakes);
  checkTimeLimits(report, sound, science);
  checkCluster(report, sound, science);
  const { sweep, problems } = readSweep(sound["sweep"]);
  for (const problem of problems) report.add(problem.severity, problem);
  const normaliser = new Normaliser(science, validator);
  const base: { [key: string]: Json } = {};
  const assumed = new Set<string>();
  for (const key of [...schema.cellKeys, "gpu"]) {
    if (Object.hasOwn(sound, key)) base[key] = sound[key]!;
    else if (Object.hasOwn(document, key) && schema.cellKeys.includes(key)) {
      // Something valid in place of the mistake, so that the other blocks can be checked further.
      const sample = sampleOf(schema, key);
      if (sample === undefined) continue;
      base[key] = sample;
      assumed.add(key);
    }
  }
  if (sweep.tooLarge) return err(report.diagnostics);

  const expansion = expandCells(base, sweep, schema.cellKeys, science, normaliser);
  const context = {
    report,
    places: composed.places,
    sweep,
    mistakes,
    assumed,
    partial: report.failed,
    varied: variedBlocks(document["sweep"], [...schema.cellKeys, "gpu"]),
    withoutData: surroundings.withoutData === true,
  };
  reportWrong(context, expansion);
  checkCells(context, expansion, science, place);
  if (!context.partial) remark(context, expansion, base, normaliser);
  if (!context.partial) warnOfAxes(context, surroundings.overrides ?? []);
  const axes = axesOf(sweep, normaliser);
  const views = readViews(context, sound, axes, expansion.cells, normaliser);
  if (!context.partial) checkMetricNames(context, views, expansion.cells, science);
  if (report.failed) return err(report.diagnostics);
  const resolved = resolve(sound, schema, normaliser);
  const { name, description } = sound;
  return ok({
    name: String(name),
    description: typeof description === "string" ? description : null,
    file: source.file,
    text: source.text,
    composition: composed.composition,
    folder: source.folder,
    resolved,
    cells: expansion.cells,
    axes,
    ...views,
    resources: resourcesOf(resolved, science.cellsPerCard.setting),
    environments: environmentsOf(resolved, source.folder),
    cluster: clusterOf(resolved),
    failures: failuresOf(resolved),
    cards: cardWishes(context, sound, expansion, science),
    tracking: trackingOf(resolved),
    placeOf: (setting) => composed.places.value(setting.split(".")),
    diagnostics: report.diagnostics,
  });
}

/** The dotted paths that the spec's sweep, baseline and claims name. */
function pathsIn(document: JsonObject): ReadonlySet<string> {
  const paths = new Set<string>();
  const collect = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const item of value as readonly Json[]) collect(item);
    else if (isJsonObject(value)) for (const key of Object.keys(value)) paths.add(key);
  };
  if (isJsonObject(document["sweep"])) {
    Object.values(document["sweep"]).forEach(collect);
    if (isJsonObject(document["sweep"]["sample"])) collect(document["sweep"]["sample"]["space"]);
  }
  if (isJsonObject(document["compare"])) {
    collect(document["compare"]["baseline"]);
    collect(document["compare"]["claims"]);
  }
  return paths;
}

/** Whether an axis of the sweep gives what the base settings lack; then the cells are judged. */
function suppliedByAxis({ where, missing }: Problem, document: JsonObject): boolean {
  if (missing === undefined || where[0] === "sweep") return false;
  const path = [...where, missing].join(".");
  const sweep = isJsonObject(document["sweep"]) ? document["sweep"] : {};
  const zip = Array.isArray(sweep["zip"]) ? (sweep["zip"] as readonly unknown[]) : [];
  const space = isJsonObject(sweep["sample"]) ? sweep["sample"]["space"] : undefined;
  return [sweep["grid"], space, ...zip].some(
    (axes) => isJsonObject(axes) && Object.keys(axes).some((axis) => contains(axis, path)),
  );
}

const axesOf = ({ dimensions }: Sweep, normaliser: Normaliser): readonly Axis[] =>
  dimensions.flatMap(({ axes, zip }) =>
    axes
      .filter(({ path }) => path !== "gpu")
      .map(({ path, values }) => ({
        path,
        values: values.map((value) => normaliser.setting(path, value)),
        zip,
      })),
  );
