import type { Finding } from "../src/diagnostic.js";
import type { Json, JsonObject } from "../src/json.js";
import type { Runner, StageRequest } from "../src/runner.js";
import type { Ignored, Science, SpecPlace } from "../src/science.js";
import {
  backboneFragment,
  checkCtr,
  ctrCommands,
  ctrFragment,
  ctrRunner,
  ctrStage,
  ignoredCtr,
} from "./ctr/index.js";
import {
  checkDataset,
  datasetFragment,
  datasetRunner,
  datasetStage,
  expandDataset,
  ignoredDataset,
} from "./dataset/index.js";
import { datasetCommand } from "./dataset/command.js";
import { finetuneRunners } from "./finetune/index.js";
import { inferCommands, inferRunners } from "./infer/index.js";
import {
  checkKnowledge,
  expandKnowledge,
  ignoredKnowledge,
  knowledgeFragment,
  knowledgeRunners,
  knowledgeStage,
} from "./knowledge/index.js";
import { teachRunners } from "./teach/index.js";

const runners: readonly Runner[] = [
  datasetRunner,
  ...teachRunners,
  ...finetuneRunners,
  ...inferRunners,
  ...knowledgeRunners,
  ctrRunner,
];

const byName = new Map(runners.map((runner) => [runner.name, runner]));

/** The science that r4ec serves: the one place that names every runner. */
export const science: Science = {
  fragments: {
    dataset: datasetFragment,
    knowledge: knowledgeFragment,
    backbone: backboneFragment,
    ctr: ctrFragment,
  },
  expand: (settings: JsonObject): JsonObject => ({
    ...settings,
    ...present("dataset", settings, expandDataset),
    ...present("knowledge", settings, expandKnowledge),
  }),
  ignored: (settings: JsonObject): readonly Ignored[] => [
    ...ignoredDataset(settings),
    ...ignoredKnowledge(settings),
    ...ignoredCtr(settings),
  ],
  check: (settings: JsonObject, place: SpecPlace): readonly Finding[] => [
    ...checkDataset(settings, place),
    ...checkKnowledge(settings, place),
    ...checkCtr(settings, place),
  ],
  plan(settings: JsonObject, place: SpecPlace): StageRequest {
    const dataset = datasetStage(settings, place);
    return ctrStage(settings, place, dataset, knowledgeStage(settings, place, dataset));
  },
  runner: (name) => byName.get(name),
  commands: [datasetCommand, ...ctrCommands, ...inferCommands],
};

function present(
  key: string,
  settings: JsonObject,
  expand: (value: Json) => Json,
): { readonly [key: string]: Json } {
  const value = settings[key];
  return value === undefined ? {} : { [key]: expand(value) };
}
