import type { Json, JsonObject } from "../../src/json.js";
import type { StageRequest } from "../../src/runner.js";
import type { SpecPlace } from "../../src/science.js";
import type { TemplateName } from "../prompts/index.js";
import { loadTemplates } from "../prompts/index.js";
import type { FinetuneSettings } from "../finetune/index.js";
import { bringsSamples, finetuneStage, ownSamplesStage } from "../finetune/index.js";
import type { SampleSource } from "../finetune/stages.js";
import { teachStages } from "../teach/index.js";
import type { SampleClass } from "../teach/samples.js";
import { modelInput, resolvePath, templateOf } from "./models.js";
import type { InferSettings, KnowledgeSettings, ModelSettings } from "./settings.js";

/** What all stages of one cell's knowledge are made from. */
interface Making {
  readonly knowledge: KnowledgeSettings;
  readonly place: SpecPlace;
  readonly dataset: StageRequest;
  readonly domain: "movie" | "book";
  /** Absolute folder of the user's own templates, or null. */
  readonly prompts: string | null;
  hashes(names: readonly TemplateName[]): JsonObject;
}

/** The stage whose artifact holds the text of variants kar, r2ec and r4ec. */
export function llmText(
  knowledge: KnowledgeSettings,
  domain: "movie" | "book",
  place: SpecPlace,
  dataset: StageRequest,
): StageRequest {
  const prompts = knowledge.prompts === null ? null : resolvePath(knowledge.prompts, place);
  const templates = loadTemplates(domain, prompts);
  const making: Making = {
    knowledge,
    place,
    dataset,
    domain,
    prompts,
    hashes: (names) => Object.fromEntries(names.map((name) => [name, templates.hash(name)])),
  };
  if (knowledge.variant === "kar") return think(making, null);
  const samples = sampleSources(making);
  const { thinking, refinement, reflection } = samples;
  if (knowledge.variant === "r2ec") return think(making, adapter(making, "actor", { thinking }));
  const actor = adapter(making, "actor", { thinking, refinement });
  const reflector = adapter(making, "reflector", { reflection });
  let text = think(making, actor);
  for (let iteration = 1; iteration <= knowledge.iterations; iteration++) {
    text = refine(making, reflect(making, text, reflector, iteration), actor, iteration);
  }
  return text;
}

/** What decides every prompt, beside the data. */
const promptParams = ({ knowledge, domain }: Making): JsonObject => ({
  domain,
  history: knowledge.history,
  item_raters: knowledge.item_raters,
  seed: knowledge.seed,
});

/** Where each class of samples comes from: the teacher's stages, or the user's own files. */
function sampleSources(making: Making): { readonly [name in SampleClass]: SampleSource } {
  const { knowledge, place, dataset } = making;
  const finetune = knowledge.finetune as unknown as FinetuneSettings;
  if (bringsSamples(finetune)) {
    const stage = ownSamplesStage(finetune, place);
    return {
      thinking: { stage, classes: ["thinking"] },
      refinement: { stage, classes: ["refinement"] },
      reflection: { stage, classes: ["reflection"] },
    };
  }
  const { think: thinking, review } = teachStages(
    { ...making, ...knowledge, prompts: making.prompts, teacher: knowledge.teacher as never },
    dataset,
  );
  return {
    thinking: { stage: thinking, classes: ["thinking"] },
    refinement: { stage: review, classes: ["refinement"] },
    reflection: { stage: review, classes: ["reflection"] },
  };
}

/** The stage that fine-tunes one of the two models. */
function adapter(
  making: Making,
  role: "actor" | "reflector",
  sources: { readonly [input: string]: SampleSource },
): StageRequest {
  const { actor, reflector, finetune, seed } = making.knowledge;
  return finetuneStage(
    role,
    finetune as unknown as FinetuneSettings,
    role === "actor" ? actor : (reflector ?? actor),
    seed,
    sources,
    making.place,
  );
}

function think(making: Making, actor: StageRequest | null): StageRequest {
  const model = modelOf(making, "actor");
  const { users, items } = making.knowledge;
  return {
    runner: "think",
    label: "think",
    params: {
      ...promptParams(making),
      ...(users === "all" ? {} : { users }),
      ...(items === "all" ? {} : { items }),
      prompts: making.hashes(["user-think.student", "item-think.student"]),
      ...model.params,
      ...generation(making.knowledge.infer),
    },
    inputs: { dataset: making.dataset, ...(actor === null ? {} : { adapter: actor }) },
    files: model.files,
    execution: running(making),
  };
}

function reflect(
  making: Making,
  text: StageRequest,
  adapter: StageRequest,
  iteration: number,
): StageRequest {
  const model = modelOf(making, "reflector");
  return {
    runner: "reflect",
    label: `reflect ${iteration}`,
    params: {
      ...promptParams(making),
      prompts: making.hashes(["user-reflect.student", "item-reflect.student"]),
      ...model.params,
      ...generation(making.knowledge.infer),
    },
    inputs: { dataset: making.dataset, text, adapter },
    files: model.files,
    execution: running(making),
  };
}

function refine(
  making: Making,
  reflected: StageRequest,
  adapter: StageRequest,
  iteration: number,
): StageRequest {
  const model = modelOf(making, "actor");
  return {
    runner: "refine",
    label: `refine ${iteration}`,
    params: {
      ...promptParams(making),
      prompts: making.hashes(["user-refine.student", "item-refine.student"]),
      ...model.params,
      ...generation(making.knowledge.infer),
    },
    inputs: { dataset: making.dataset, text: reflected, adapter },
    files: model.files,
    execution: running(making),
  };
}

/** `{model, template}` of one of the two models. */
function modelOf(making: Making, role: "actor" | "reflector") {
  const { actor, reflector } = making.knowledge;
  const named: ModelSettings = role === "actor" ? actor : (reflector ?? actor);
  const model = modelInput("model", named.name, named.revision ?? null, making.place);
  const template = named.template ?? templateOf(named.name);
  return { params: { model: model.params, template }, files: model.files };
}

/** What decides the answers of a model beside model and prompt. */
function generation(infer: InferSettings): JsonObject {
  const { engine, max_new_tokens, temperature, top_p, cutoff_len, llamafactory } = infer;
  const sampling = temperature === 0 ? {} : { top_p };
  const local = engine === "endpoint" ? {} : { cutoff_len, llamafactory };
  return { engine, max_new_tokens, temperature, ...defined({ ...sampling, ...local }) };
}

/** How it is run, which decides nothing. */
function running(making: Making): JsonObject {
  const { infer } = making.knowledge;
  const { base_url, model, api_key_env, command, adapter_arguments, start_timeout_seconds } = infer;
  const { batch_size, chunk_size, concurrency, timeout_seconds, retries, gpus } = infer;
  return {
    ...defined({ base_url, model, api_key_env, command, adapter_arguments }),
    ...defined({ start_timeout_seconds, batch_size, chunk_size, concurrency }),
    ...defined({ timeout_seconds, retries, gpus }),
    prompts: making.prompts,
  };
}

/** Settings that an engine ignores have been dropped, so they may be undefined. */
const defined = (settings: { readonly [key: string]: Json | undefined }): JsonObject =>
  Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
