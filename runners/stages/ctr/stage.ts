import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { ownProgramOf } from "./own-program/settings.js";
import { ownProgramStage } from "./own-program/stage.js";
import { loadBackbone } from "./backbones/index.js";
import { optionDefaults } from "../../base/modules/options.js";
import { ctrTable } from "./schema.js";
import { type CtrExecution, ctrOf, type CtrParams, isModule } from "./settings.js";
import { executionIn, paramsIn, roundingIn } from "./table.js";

/**
 * The last stage of a cell, from normalised settings. `embed` is null without knowledge, `split` by
 * time.
 */
export function backboneStage(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  embed: StageRequest | null,
  split: StageRequest | null,
): StageRequest {
  const program = ownProgramOf(settings);
  if (program === null) return ctrStage(settings, place, dataset, embed, split);
  const told = { ctr: ctrOf(settings), seed: seedOf(settings) };
  return ownProgramStage(program, told, place, dataset, embed, split);
}

const seedOf = ({ seed }: JsonObject): number => (typeof seed === "number" ? seed : 1);

/** The same where the backbone is one of r4ec's own or a module. */
export function ctrStage(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  embed: StageRequest | null,
  split: StageRequest | null = null,
): StageRequest<CtrParams, CtrExecution> {
  const ctr = ctrOf(settings);
  const backbone = String(settings["backbone"]);
  const module = isModule(backbone);
  const path = resolve(place.folder, backbone);
  const options = module ? moduleOptions(path, ctr) : ctr[backbone];
  const params = paramsIn(ctrTable, ctr);
  const execution = executionIn(ctrTable, ctr);
  return {
    runner: "ctr",
    label: `ctr ${backbone}`,
    params: {
      ...params,
      backbone: module ? null : backbone,
      seed: seedOf(settings),
      adaptor: embed === null ? null : params.adaptor,
      options: isJsonObject(options) ? options : {},
      // A result that must be the same to the last bit has its own fingerprint, so that the result
      // of a fused run, or of another way to run, never replaces it.
      ...(execution.fuse === "off" ? { exact: roundingIn(ctrTable, ctr) } : {}),
    },
    inputs: {
      dataset,
      ...(split === null ? {} : { split }),
      ...(embed === null ? {} : { embed }),
    },
    files: module ? { backbone: { path } } : {},
    execution,
  };
}

/** What a cell sets of a module's options: those at their defaults follow from the module's file. */
export function moduleOptions(path: string, ctr: JsonObject): JsonObject {
  const loaded = loadBackbone(path);
  if (!loaded.ok) return {};
  const given = ctr[loaded.value.id];
  if (!isJsonObject(given)) return {};
  const defaults = optionDefaults(loaded.value);
  const set = Object.entries(given).filter(
    ([name, value]) => !isDeepStrictEqual(value, defaults[name]),
  );
  return Object.fromEntries(set);
}
