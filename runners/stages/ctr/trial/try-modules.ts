import { resolve } from "node:path";
import type { Diagnostic } from "../../../../src/base/diagnostic.js";
import { canonicalJson, type JsonObject } from "../../../../src/base/json.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { fieldsNamed } from "../../../base/artifacts/raw-fields.js";
import type { Fault } from "../../../base/modules/place.js";
import { runTrial } from "../../../base/modules/trial-process.js";
import { adaptorShape } from "../data/load.js";
import { adaptorDefaults, ctrOf, isModule } from "../settings.js";
import { moduleOptions } from "../stage.js";
import { ctrTable } from "../schema.js";
import { paramsIn } from "../table.js";
import type { Trial } from "./trial.js";

/** So many models are tried, spread over all: a mistake of a module shows in most sizes of it. */
const MOST = 24;

/** At most {@link MOST} of some things, the first and the last among them. */
const spread = <T>(all: readonly T[]): readonly T[] =>
  all.length <= MOST
    ? all
    : Array.from({ length: MOST }, (_, n) => all[Math.round((n * (all.length - 1)) / (MOST - 1))]!);

/**
 * Builds the models of cells whose backbones are modules of the user's, and applies each to two
 * samples. A mistake stands at the line of the module where it happened.
 *
 * @param find gives variables with which TensorFlow loads; null where it is not installed
 */
export async function tryModules(
  cells: readonly JsonObject[],
  place: SpecPlace,
  find: () => Promise<{ readonly [name: string]: string } | null>,
): Promise<readonly Diagnostic[]> {
  const trials = new Map<string, Trial>();
  for (const settings of cells) {
    const trial = trialOf(settings, place);
    if (trial !== null) trials.set(canonicalJson(trial as unknown as JsonObject), trial);
  }
  if (trials.size === 0) return [];
  const files = [...new Set([...trials.values()].map(({ backbone }) => backbone))];
  const about = (file: string, message: string): Diagnostic => ({
    ...{ severity: "hint", file, line: 1, column: 1, path: "backbone" },
    message,
  });
  const environment = await find();
  if (environment === null) {
    const message = "its model was not tried: TensorFlow is not installed (r4ec setup)";
    return files.map((file) => about(file, message));
  }
  const tried = spread([...trials.values()]);
  const faults = await run(tried, environment);
  if (typeof faults === "string") return files.map((file) => about(file, faults));
  const seen = new Set<string>();
  const errors = faults.flatMap(({ file, line, column, message }) => {
    const key = canonicalJson([file, line, column, message]);
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ severity: "error", file, line, column, message, path: "backbone" } as const];
  });
  if (tried.length === trials.size) return errors;
  const left = files.flatMap((file) => {
    const of = (some: Iterable<Trial>): number =>
      [...some].filter(({ backbone }) => backbone === file).length;
    const [all, some] = [of(trials.values()), of(tried)];
    const message = `${some} of its ${all} models in this sweep were tried, spread over all: ${all - some} were not`;
    return some === all ? [] : [about(file, message)];
  });
  return [...errors, ...left];
}

function trialOf(settings: JsonObject, place: SpecPlace): Trial | null {
  const backbone = settings["backbone"];
  if (typeof backbone !== "string" || !isModule(backbone)) return null;
  const file = resolve(place.folder, backbone);
  const ctr = ctrOf(settings);
  const params = paramsIn(ctrTable, ctr);
  const known = "knowledge" in settings && "adaptor" in ctr;
  return {
    backbone: file,
    ...{ items: 4, attributes: 3, ratings: 5, attributeFields: 2 },
    ...(params.user_id === true ? { users: 3 } : {}),
    ...trialFields(settings),
    historyLength: params.history_length,
    embeddingDim: params.embedding_dim,
    mlp: params.mlp,
    knowledge: known ? { userDim: 3, itemDim: 2 } : null,
    adaptor: known ? adaptorShape({ ...adaptorDefaults, ...params.adaptor }) : null,
    options: moduleOptions(file, ctr),
  };
}

/** The data set's fields, each with two slots; nothing where it has none. */
function trialFields(settings: JsonObject): Pick<Trial, "fields" | "fieldIds"> {
  const named = fieldsNamed(settings["dataset"]);
  if (named.length === 0) return {};
  const places = ["user", "item", "context"] as const;
  const fields = places.flatMap((place) =>
    named.filter(({ of }) => of === place).map(({ name, of }) => ({ name, of, slots: 2 })),
  );
  return { fields, fieldIds: 3 };
}

/** The faults of trials; a text where the program itself failed. */
async function run(
  trials: readonly Trial[],
  environment: { readonly [name: string]: string },
): Promise<readonly Fault[] | string> {
  const end = await runTrial(new URL("./program.js", import.meta.url), trials, {
    seconds: 300,
    env: { TF_CPP_MIN_LOG_LEVEL: "2", CUDA_VISIBLE_DEVICES: "", ...environment },
  });
  return end.faults ?? `its model could not be tried: ${end.why}`;
}
