import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { implicitParams, thresholdOf } from "./label.js";
import { READING } from "./misread.js";
import type { Source } from "./source.js";
import { splitParams } from "./split.js";
import { chosenDataset, type DatasetParams } from "./settings.js";

/** The stage that prepares the data set of a cell's settings. Throws for an unknown data set. */
export function datasetStage(settings: JsonObject, place: SpecPlace): StageRequest<DatasetParams> {
  const chosen = chosenDataset(settings);
  if (chosen === undefined) throw new Error("dataset is neither an id nor a block with one");
  const { source, block } = chosen;
  const files = source.files(block, place);
  const params = { ...source.params(block, place), ...splitParams(settings) };
  return {
    runner: "dataset",
    label: `dataset ${nameOf(source, params)}`,
    params: {
      id: source.id,
      like_above: thresholdOf(block),
      user_core: block.user_core,
      item_core: block.item_core,
      ...params,
      ...implicitParams(block),
      // Left out where nothing changed, so that artifacts of earlier versions stay in use.
      ...(block.repeats === "first" ? { repeats: block.repeats } : {}),
      ...(source.misread?.(files, params) === true ? { reading: READING } : {}),
    },
    inputs: {},
    files,
    // Results do not depend on it.
    execution: block.sizes === undefined ? {} : { sizes: block.sizes },
  };
}

/** What messages call a data set: its id, for a table its name. */
const nameOf = (source: Source, params: JsonObject): string =>
  source.traits?.(params).id ?? source.id;
