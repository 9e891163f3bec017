import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { READING } from "./misread.js";
import { chosenDataset, type DatasetParams } from "./settings.js";

/** The stage that prepares the data set of a cell's settings. Throws for an unknown data set. */
export function datasetStage(settings: JsonObject, place: SpecPlace): StageRequest<DatasetParams> {
  const chosen = chosenDataset(settings);
  if (chosen === undefined) throw new Error("dataset is neither an id nor a block with one");
  const { source, block } = chosen;
  const files = source.files(block, place);
  return {
    runner: "dataset",
    label: `dataset ${source.id}`,
    params: {
      id: source.id,
      like_above: block.like_above,
      user_core: block.user_core,
      item_core: block.item_core,
      ...source.params(block),
      // Left out where nothing changed, so that artifacts of earlier versions stay in use.
      ...(block.repeats === "first" ? { repeats: block.repeats } : {}),
      ...(source.misread?.(files) === true ? { reading: READING } : {}),
    },
    inputs: {},
    files,
    execution: {},
  };
}
