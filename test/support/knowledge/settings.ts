import {
  knowledgeFragment,
  expandKnowledge,
  ignoredKnowledge,
  knowledgeStage,
} from "../../../runners/composition/index.js";
import { withDefaults } from "../../../src/spec/defaults.js";
import { withoutValue } from "../../../src/spec/dotted.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";

/** A cell's settings as the spec reader hands them over: expanded, complete, trimmed. */
export function settingsOf(knowledge: Json, dataset = "ml-100k"): JsonObject {
  const full = complete(knowledge, dataset);
  return ignoredKnowledge(full).reduce((settings, { path }) => withoutValue(settings, path), full);
}

/** The same with the settings that the variant ignores still there. */
export function complete(knowledge: Json, dataset = "ml-100k"): JsonObject {
  const once = withDefaults(knowledgeFragment, expandKnowledge(knowledge), knowledgeFragment);
  return { dataset: { id: dataset }, knowledge: expandKnowledge(once) };
}

export const datasetRequest: StageRequest = {
  runner: "dataset",
  label: "dataset ml-100k",
  params: { id: "ml-100k" },
  inputs: {},
  files: {},
  execution: {},
};

/** A folder of a spec that holds no file. */
export const nowhere = { folder: "/nowhere" };

/** What a `knowledge` block asks for, as the plan gets it; further settings of the cell beside it. */
export const stageOf = (
  knowledge: Json,
  place: SpecPlace = nowhere,
  beside: JsonObject = {},
): StageRequest => knowledgeStage({ ...settingsOf(knowledge), ...beside }, place, datasetRequest)!;

/** A stage and all it needs, inputs first, each once. */
export function graphOf(stage: StageRequest): readonly StageRequest[] {
  const found = new Map<string, StageRequest>();
  const visit = (each: StageRequest): void => {
    for (const input of Object.values(each.inputs)) visit(input);
    found.set(identityOf(each), each);
  };
  visit(stage);
  return [...found.values()];
}

/** Two requests of equal identity are one stage. */
export const identityOf = (stage: StageRequest): string =>
  JSON.stringify([
    stage.runner,
    stage.params,
    Object.entries(stage.inputs).map(([name, input]) => [name, identityOf(input)]),
    stage.files,
  ]);
