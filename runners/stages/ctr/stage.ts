import { resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { ctrTable } from "./schema.js";
import { type CtrExecution, ctrOf, type CtrParams, isModule } from "./settings.js";
import { executionIn, paramsIn, roundingIn } from "./table.js";

/** The CTR stage of a cell, from normalised settings. `embed` is null without knowledge, `split` by time. */
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
  const options = module ? undefined : ctr[backbone];
  const params = paramsIn(ctrTable, ctr);
  const execution = executionIn(ctrTable, ctr);
  return {
    runner: "ctr",
    label: `ctr ${backbone}`,
    params: {
      ...params,
      backbone: module ? null : backbone,
      seed: typeof settings["seed"] === "number" ? settings["seed"] : 1,
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
    files: module ? { backbone: { path: resolve(place.folder, backbone) } } : {},
    execution,
  };
}
