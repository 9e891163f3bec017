import type { JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import type { StageRequest } from "../../src/contract/runner.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { domainOfDataset } from "../stages/dataset/settings.js";
import { centerStage } from "../stages/center/stage.js";
import { controlledSides, controlOf } from "../stages/control/settings.js";
import type { ControlSource } from "../stages/control/stage.js";
import { controlStage } from "../stages/control/stage.js";
import type { EmbedSettings } from "../stages/embed/settings.js";
import { embedStage } from "../stages/embed/stage.js";
import { Making } from "./making.js";
import { knowledgeOf } from "./settings.js";
import { variantOf } from "./variants.js";

/** The vectors of a variant, and of each seed the stage that a cell with it reads. */
interface Composed {
  readonly source: ControlSource | null;
  readonly bySeed: Map<number, StageRequest | null>;
}

/** What has been composed, by the blocks of settings it was composed from. */
const composed = new WeakMap<object, WeakMap<object, Map<string, Composed>>>();

/**
 * The stage whose artifact holds a cell's knowledge vectors, with all it needs: the variant's path
 * through the graph, then the cell's control. Null for variant `none`. Cells share equal blocks of
 * settings, and those that share `knowledge` and `dataset` get one and the same request (with a
 * control: those of one seed): it is composed, and files and templates are looked at, once for all of
 * them.
 *
 * @param settings a cell's settings, normalised
 * @param split the stage that splits the data set where it is not split by time
 */
export function knowledgeStage(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  split: StageRequest | null = null,
): StageRequest | null {
  const { source, bySeed } = composedOf(settings, place, dataset, split);
  const seed = typeof settings["seed"] === "number" ? settings["seed"] : 1;
  const known = bySeed.get(seed);
  if (known !== undefined) return known;
  const stage = source === null ? null : withControl(settings, seed, source);
  bySeed.set(seed, stage);
  return stage;
}

function composedOf(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  split: StageRequest | null,
): Composed {
  const { knowledge, dataset: data } = settings;
  const make = (): Composed => ({
    source: compose(settings, place, dataset, split),
    bySeed: new Map(),
  });
  if (!isJsonObject(knowledge) || !isJsonObject(data)) return make();
  const byData = composed.get(knowledge) ?? new WeakMap<object, Map<string, Composed>>();
  composed.set(knowledge, byData);
  const byPlace = byData.get(data) ?? new Map<string, Composed>();
  byData.set(data, byPlace);
  const known = byPlace.get(place.folder) ?? make();
  byPlace.set(place.folder, known);
  return known;
}

function withControl(settings: JsonObject, seed: number, source: ControlSource): StageRequest {
  const knowledge = knowledgeOf(settings);
  const control = controlOf(knowledge);
  if (control === null) return source.vectors;
  return controlStage(control, controlledSides(knowledge), seed, source);
}

/** The variant's own vectors. */
function compose(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  split: StageRequest | null,
): ControlSource | null {
  const knowledge = knowledgeOf(settings);
  const making = new Making(knowledge, place, dataset, domainOfDataset(settings), split);
  const text = variantOf(knowledge.variant).text(making);
  if (text === null) return null;
  const { stage } = text;
  const uncentred = text.vectors ? stage : embedStage(knowledge.embed, place, dataset, stage);
  // For the user's own vectors there is no block `embed`, unless it asks for centring.
  const { center } = (knowledge.embed as Partial<EmbedSettings> | undefined) ?? {};
  const vectors =
    center === true ? centerStage(stage.label, { dataset, split }, uncentred) : uncentred;
  return { of: center === true ? vectors.label : stage.label, vectors, uncentred };
}
