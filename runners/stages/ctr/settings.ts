import { resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import type { Ignored, JsonSchema, Science } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { isFile } from "../../base/files/spec-path.js";
import { BIAS, ignoredBias, isBias } from "./bias/stage.js";
import { checkOwnProgram, ignoredByProgram, ownProgramOf } from "./own-program/settings.js";
import { loadBackbone } from "./backbones/index.js";
import { optionDefaults } from "../../base/modules/options.js";
import { ownModulesOf } from "./backbones/own-options.js";
import { adaptorSettings, backboneIds, ctrFragment, ctrTable } from "./schema.js";
import { defaultsOf, type ValuesOf } from "./setting-schema.js";
import { type ExecutionOf, type ParamsOf, replicaNames, type RoundingOf } from "./table.js";

type Table = typeof ctrTable;

/** Settings of an adaptor; a setting that its type ignores is missing. */
export type AdaptorParams = JsonObject & Partial<ValuesOf<typeof adaptorSettings>>;

/** Parameters of a CTR stage: what decides its result, beside its inputs and files. */
export type CtrParams = Omit<ParamsOf<Table>, "adaptor"> & {
  /** A backbone's id, or null for the user's own module (its file is the input `backbone`). */
  readonly backbone: string | null;
  readonly seed: number;
  /** Null without knowledge. */
  readonly adaptor: AdaptorParams | null;
  /** The backbone's own options; a module's may be missing. */
  readonly options: JsonObject;
  /** With `ctr.fuse: off`: the execution settings on which float rounding depends. */
  readonly exact?: RoundingOf<Table>;
};

/** How a CTR stage runs. */
export type CtrExecution = ExecutionOf<Table>;

/** Defaults of an adaptor's settings. */
export const adaptorDefaults = defaultsOf(adaptorSettings);

const ofReplicas = new Set(["seed", ...replicaNames(ctrTable)]);

/** The parameters that all replicas of one graph share. */
export const sharedParams = (params: CtrParams): JsonObject =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !ofReplicas.has(name)));

/** The `ctr` block of a cell's settings. */
export const ctrOf = (settings: JsonObject): JsonObject => {
  const ctr = settings["ctr"];
  return isJsonObject(ctr) ? ctr : {};
};

/** True for the path of a module of the user's own. */
export const isModule = (backbone: string): boolean =>
  backbone !== BIAS && !backboneIds.includes(backbone);

/** Names that mean something in `ctr` without any module. */
const takenNames: ReadonlySet<string> = new Set([...Object.keys(ctrTable), ...backboneIds]);

const variantOf = (settings: JsonObject): Json | undefined => {
  const knowledge = settings["knowledge"];
  return isJsonObject(knowledge) ? knowledge["variant"] : knowledge;
};

const noModules: ReadonlyMap<string, string> = new Map();

/** Names of the blocks of backbones' options in a block `ctr`: of r4ec's own, and of the user's. */
const optionBlocks = (ctr: JsonObject): string[] =>
  Object.keys(ctr).filter((name) => !(name in ctrTable));

/**
 * Settings of the `ctr` block without effect in this cell.
 *
 * @param modules ids of modules of the user's by their paths in the spec
 */
export function ignoredCtr(settings: JsonObject, modules = noModules): readonly Ignored[] {
  if (isBias(settings)) return ignoredBias(settings);
  const ctr = ctrOf(settings);
  if (ownProgramOf(settings) !== null) return ignoredByProgram(ctr, optionBlocks(ctr));
  const backbone = String(settings["backbone"]);
  const own = modules.get(backbone) ?? backbone;
  const ignored: Ignored[] = optionBlocks(ctr)
    .filter((id) => id !== own)
    .map((id) => ({ path: `ctr.${id}`, because: `the backbone is ${backbone}` }));
  if (variantOf(settings) === "none" && "adaptor" in ctr) {
    ignored.push({ path: "ctr.adaptor", because: "there is no knowledge to adapt" });
  }
  const adaptor = ctr["adaptor"];
  if (isJsonObject(adaptor) && variantOf(settings) !== "none") {
    const type = adaptor["type"];
    if (type !== undefined && type !== "hea" && "specific_experts" in adaptor) {
      ignored.push({
        path: "ctr.adaptor.specific_experts",
        because: "only hea has experts for each side",
      });
    }
    if (type === "mlp" && "shared_experts" in adaptor) {
      ignored.push({
        path: "ctr.adaptor.shared_experts",
        because: "the adaptor mlp has no experts",
      });
    }
  }
  return ignored;
}

/** What modules of the user's add to the block `ctr` of a spec: their options. */
export function extendedCtr(
  document: JsonObject,
  place: SpecPlace,
): {
  readonly fragment: JsonSchema;
  readonly neutral: Science["neutral"];
  readonly modules: ReadonlyMap<string, string>;
} {
  const { ids, options } = ownModulesOf(document, place, isModule, takenNames);
  const properties = ctrFragment["properties"] as JsonObject;
  const neutral: { [path: string]: Json } = {};
  for (const [id, schema] of options) {
    // The block first: as a whole at its defaults it is left out, so that a cell is what it was before
    // its module's options could be set.
    const defaults = optionDefaults({ options: schema });
    neutral[`ctr.${id}`] = defaults;
    for (const [name, value] of Object.entries(defaults)) neutral[`ctr.${id}.${name}`] = value;
  }
  return {
    fragment: {
      ...ctrFragment,
      properties: { ...properties, ...Object.fromEntries(options) },
    },
    neutral,
    modules: ids,
  };
}

/** Mistakes in `backbone` and `ctr` that the schema can't see. */
export function checkCtr(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const backbone = settings["backbone"];
  const program = ownProgramOf(settings);
  if (program !== null) {
    return checkOwnProgram(program, ctrOf(settings), [...backboneIds, BIAS], place);
  }
  if (typeof backbone !== "string" || !isModule(backbone)) return [];
  const path = resolve(place.folder, backbone);
  if (!isFile(path)) {
    return [
      { severity: "error", path: "backbone", message: `there is no backbone module at ${path}` },
    ];
  }
  const loaded = loadBackbone(path);
  if (loaded.ok && takenNames.has(loaded.value.id)) {
    const { id } = loaded.value;
    const message = `ctr.${id} is a setting of r4ec's own, so that the options of ${backbone}, whose id is ${id}, cannot be set: give it another id`;
    return [{ severity: "warning", path: "backbone", message }];
  }
  return loaded.ok ? [] : [{ severity: "error", path: "backbone", message: loaded.error }];
}
