import type { JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import type { StageRequest } from "../../src/contract/runner.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { domainOfDataset } from "../stages/dataset/settings.js";
import { embedStage } from "../stages/embed/stage.js";
import { Making } from "./making.js";
import { knowledgeOf } from "./settings.js";
import { variantOf } from "./variants.js";

/** Stages that have been composed, by the blocks of settings they were composed from. */
const composed = new WeakMap<object, WeakMap<object, Map<string, StageRequest | null>>>();

/**
 * The stage whose artifact holds a cell's knowledge vectors, with all it needs: the variant's path
 * through the graph. Null for variant `none`. Cells share equal blocks of settings, and those that
 * share `knowledge` and `dataset` get one and the same request: it is composed, and files and
 * templates are looked at, once for all of them.
 *
 * @param settings a cell's settings, normalised
 */
export function knowledgeStage(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
): StageRequest | null {
  const { knowledge, dataset: data } = settings;
  if (!isJsonObject(knowledge) || !isJsonObject(data)) return compose(settings, place, dataset);
  const byData = composed.get(knowledge) ?? new WeakMap<object, Map<string, StageRequest | null>>();
  composed.set(knowledge, byData);
  const byPlace = byData.get(data) ?? new Map<string, StageRequest | null>();
  byData.set(data, byPlace);
  const known = byPlace.get(place.folder);
  if (known !== undefined) return known;
  const stage = compose(settings, place, dataset);
  byPlace.set(place.folder, stage);
  return stage;
}

function compose(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
): StageRequest | null {
  const knowledge = knowledgeOf(settings);
  const making = new Making(knowledge, place, dataset, domainOfDataset(settings));
  const text = variantOf(knowledge.variant).text(making);
  if (text === null) return null;
  return text.vectors ? text.stage : embedStage(knowledge.embed, place, dataset, text.stage);
}
