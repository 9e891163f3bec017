import type { Finding } from "../src/base/diagnostic.js";
import type { Json, JsonObject } from "../src/base/json.js";
import { listed } from "../src/contract/engine.js";
import type { Runner, StageRequest } from "../src/contract/runner.js";
import type { Ignored, Science } from "../src/contract/science.js";
import type { SpecPlace } from "../src/contract/spec-place.js";
import {
  arraysRunner,
  backboneFragment,
  checkCtr,
  ctrCommands,
  ctrFragment,
  ctrMetrics,
  ctrPerGpu,
  ctrRunner,
  extendedCtr,
  backboneStage,
  ignoredCtr,
  ownProgramRunner,
  tryModules,
  userPrograms,
} from "./stages/ctr/index.js";
import { checkDataset, expandDataset, ignoredDataset } from "./stages/dataset/settings.js";
import { datasetFragment } from "./stages/dataset/schema.js";
import { extendedDataset } from "./stages/dataset/own-module/extend.js";
import { trySources } from "./stages/dataset/own-module/try-sources.js";
import { datasetRunner } from "./stages/dataset/runner.js";
import { datasetStage } from "./stages/dataset/stage.js";
import { userSplitOf } from "./stages/dataset/split.js";
import { dataSupply } from "./stages/dataset/supply.js";
import { datasetCommand } from "./stages/dataset/command.js";
import { finetuneRunners } from "./stages/finetune/runner.js";
import { logCommand } from "./composition/log/command.js";
import { inferRunners } from "./stages/infer/runner.js";
import {
  cardsOfKnowledge,
  checkKnowledge,
  expandKnowledge,
  ignoredKnowledge,
  knowledgeFragment,
  knowledgeRunners,
  knowledgeStage,
  neutralKnowledge,
} from "./composition/index.js";
import { classOfWords } from "./base/python/failure-words.js";
import { modelSupply } from "./base/models/supply.js";
import { LLM_ENVIRONMENT } from "./base/python/llm-environment.js";
import { biasRunner } from "./stages/ctr/bias/runner.js";
import { biasStage, isBias } from "./stages/ctr/bias/stage.js";
import { splitRunner } from "./stages/split/runner.js";
import { splitStage } from "./stages/split/stage.js";
import { rebase } from "./rebase.js";
import { shortNames } from "./short-names.js";
import { starter } from "./starter/index.js";
import { statistics } from "./statistics.js";
import { teachRunners } from "./stages/teach/runner.js";

const runners: readonly Runner[] = [
  datasetRunner,
  splitRunner,
  ...teachRunners,
  ...finetuneRunners,
  ...inferRunners,
  ...knowledgeRunners,
  ctrRunner,
  biasRunner,
  arraysRunner,
  ownProgramRunner,
];

const byName = new Map(runners.map((runner) => [runner.name, runner]));

/** The science that r4ec serves: the one place that names every runner. */
export const science: Science = {
  about: "Runs experiments in LLM-augmented recommendation from one YAML file.",
  headline: ["test.auc", "test.logloss"],
  curves: ["valid.auc", "train.loss"],
  quickstart: {
    spec: "experiments/quickstart.yaml",
    describe: "run a first real sweep: 19 cells on MovieLens-100K, in some minutes",
  },
  starter,
  shortNames,
  cellsPerCard: { setting: "ctr_per_gpu", schema: ctrPerGpu },
  neutral: {
    ...neutralKnowledge,
    "ctr.user_id": false,
    "dataset.repeats": "keep",
    "dataset.split": { by: "time" },
  },
  fragments: {
    dataset: datasetFragment,
    knowledge: knowledgeFragment,
    backbone: backboneFragment,
    ctr: ctrFragment,
  },
  moduleBlocks: {
    under: "ctr",
    description:
      "Options of a backbone that is a module of your own, under its id; r4ec validate checks them.",
  },
  blockNames: { backbone: "name" },
  expand: (settings: JsonObject): JsonObject => ({
    ...settings,
    ...present("dataset", settings, expandDataset),
    ...present("knowledge", settings, expandKnowledge),
  }),
  rebase,
  ignored: (settings) => ignored(settings),
  extended(document, place) {
    const { fragment, neutral, modules } = extendedCtr(document, place);
    const dataset = extendedDataset(document, place);
    const more = {
      ...(modules.size === 0 ? {} : { ctr: fragment }),
      ...(dataset === null ? {} : { dataset }),
    };
    return {
      // The engine keeps what it has made of fragments, as long as they are the same.
      fragments:
        Object.keys(more).length === 0 ? science.fragments : { ...science.fragments, ...more },
      neutral: { ...science.neutral, ...neutral },
      ignored: (settings) => ignored(settings, modules),
    };
  },
  check: (settings: JsonObject, place: SpecPlace): readonly Finding[] => [
    ...checkDataset(settings, place),
    ...(isBias(settings) ? [] : checkKnowledge(settings, place)),
    ...checkCtr(settings, place),
  ],
  tried: async (cells, place, environment) => [
    ...(await trySources(cells, place)),
    ...(await tryModules(cells, place, environment)),
  ],
  programs: userPrograms,
  metrics: ctrMetrics,
  cards: (settings: JsonObject) => (isBias(settings) ? [] : cardsOfKnowledge(settings)),
  plan(settings: JsonObject, place: SpecPlace): StageRequest {
    const dataset = datasetStage(settings, place);
    const users = userSplitOf(settings);
    const split = users === null ? null : splitStage(users, dataset);
    if (isBias(settings)) return biasStage(dataset, split);
    const knowledge = knowledgeStage(settings, place, dataset, split);
    return backboneStage(settings, place, dataset, knowledge, split);
  },
  classify: classOfWords,
  runner: (name) => byName.get(name),
  statistics,
  environments: [LLM_ENVIRONMENT],
  exhibits: async (plan, artifacts) => {
    const { exhibitsOf } = await import("./composition/log/exhibits.js");
    return exhibitsOf(plan, artifacts);
  },
  supplies: [modelSupply, dataSupply],
  commands: [listed(datasetCommand), ...ctrCommands, listed(logCommand)],
};

/** @param modules ids of modules of the user's by their paths in the spec */
const ignored = (
  settings: JsonObject,
  modules?: ReadonlyMap<string, string>,
): readonly Ignored[] => [
  ...ignoredDataset(settings),
  ...(isBias(settings) ? [] : ignoredKnowledge(settings)),
  ...ignoredCtr(settings, modules),
];

function present(
  key: string,
  settings: JsonObject,
  expand: (value: Json) => Json,
): { readonly [key: string]: Json } {
  const value = settings[key];
  return value === undefined ? {} : { [key]: expand(value) };
}
