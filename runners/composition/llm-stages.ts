import type { Json, JsonObject } from "../../src/base/json.js";
import type { StageRequest } from "../../src/contract/runner.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import type { SampleSource } from "../stages/finetune/stage.js";
import { bringsSamples, finetuneStage, ownSamplesStage } from "../stages/finetune/stage.js";
import type { InferParams } from "../stages/infer/settings.js";
import type { PromptParams } from "../base/prompts/open.js";
import type { Step } from "../base/prompts/index.js";
import { teachStages, templateHashes } from "../stages/teach/stage.js";
import { modelInput } from "../base/models/model-input.js";
import { resolvePath } from "../base/files/spec-path.js";
import { chatTemplateOf } from "../base/models/chat-template.js";
import type { KnowledgeSettings } from "./settings.js";

/** What all stages of one cell's knowledge are made from. */
interface Making {
  readonly knowledge: KnowledgeSettings;
  readonly place: SpecPlace;
  readonly dataset: StageRequest;
  readonly domain: string;
  /** Absolute folder of the user's own templates, or null. */
  readonly prompts: string | null;
}

/** The stage whose artifact holds the text of variants kar, r2ec and r4ec. */
export function llmText(
  knowledge: KnowledgeSettings,
  domain: string,
  place: SpecPlace,
  dataset: StageRequest,
): StageRequest {
  const prompts = knowledge.prompts === null ? null : resolvePath(knowledge.prompts, place);
  const making: Making = { knowledge, place, dataset, domain, prompts };
  if (knowledge.variant === "kar") return think(making, null);
  const samples = sampleSources(making);
  const actor = finetune(making, "actor", samples.actor);
  let text = think(making, actor);
  if (knowledge.variant === "r2ec") return text;
  const reflector = finetune(making, "reflector", samples.reflector);
  for (let iteration = 1; iteration <= knowledge.iterations; iteration++) {
    const reflected = review(making, "reflect", text, reflector, iteration);
    text = review(making, "refine", reflected, actor, iteration);
  }
  return text;
}

type Sources = { readonly [input: string]: SampleSource };

/** What actor and reflector learn from: the teacher's samples, or the user's own. */
function sampleSources(making: Making): { readonly actor: Sources; readonly reflector: Sources } {
  const { knowledge, place, dataset, domain, prompts } = making;
  const reviewed = knowledge.variant === "r4ec";
  if (bringsSamples(knowledge.finetune)) {
    const stage = ownSamplesStage(knowledge.finetune, place);
    const classes = reviewed ? (["thinking", "refinement"] as const) : (["thinking"] as const);
    return {
      actor: { samples: { stage, classes } },
      reflector: { samples: { stage, classes: ["reflection"] } },
    };
  }
  const taught = teachStages({ ...knowledge, domain, prompts, place }, dataset);
  const think: Sources = { think: { stage: taught.think, classes: ["thinking"] } };
  return {
    actor: reviewed
      ? { ...think, review: { stage: taught.review, classes: ["refinement"] } }
      : think,
    reflector: { review: { stage: taught.review, classes: ["reflection"] } },
  };
}

function finetune(making: Making, role: "actor" | "reflector", sources: Sources): StageRequest {
  const { knowledge, place } = making;
  const base = modelOf(knowledge, role);
  return finetuneStage(role, knowledge.finetune, base, knowledge.seed, sources, place);
}

const modelOf = ({ actor, reflector }: KnowledgeSettings, role: "actor" | "reflector") =>
  role === "actor" ? actor : (reflector ?? actor);

function think(making: Making, actor: StageRequest | null): StageRequest {
  const { users, items } = making.knowledge;
  const adapter: StageRequest["inputs"] = actor === null ? {} : { adapter: actor };
  const limits = { ...(users === "all" ? {} : { users }), ...(items === "all" ? {} : { items }) };
  return inferStage(making, "think", "actor", adapter, "think", limits);
}

/** Reflects on texts, or refines those that were judged. */
const review = (
  making: Making,
  step: "reflect" | "refine",
  text: StageRequest,
  adapter: StageRequest,
  iteration: number,
): StageRequest =>
  inferStage(
    making,
    step,
    step === "reflect" ? "reflector" : "actor",
    { text, adapter },
    `${step} ${iteration}`,
    {},
  );

function inferStage(
  making: Making,
  step: Step,
  role: "actor" | "reflector",
  inputs: StageRequest["inputs"],
  label: string,
  limits: Pick<InferParams, "users" | "items">,
): StageRequest {
  const { knowledge, place, dataset } = making;
  const named = modelOf(knowledge, role);
  const model = modelInput("model", named.name, named.revision ?? null, place);
  const params: InferParams = {
    prompts: promptParams(making, step),
    ...limits,
    model: model.params,
    template: named.template ?? chatTemplateOf(named.name) ?? "default",
    answer: answering(making),
  };
  return {
    runner: step,
    label,
    params: params as unknown as JsonObject,
    inputs: { dataset, ...inputs, ...model.inputs },
    files: model.files,
    execution: running(making),
  };
}

const promptParams = (making: Making, step: Step): PromptParams => ({
  history: making.knowledge.history,
  item_raters: making.knowledge.item_raters,
  seed: making.knowledge.seed,
  templates: templateHashes(making, [`user-${step}.student`, `item-${step}.student`]),
});

/** What decides a model's answer to a prompt. */
function answering({ knowledge }: Making): InferParams["answer"] {
  const { infer, seed } = knowledge;
  const { engine, max_new_tokens, temperature, top_p, cutoff_len, llamafactory } = infer;
  // Greedy answers depend on no seed, and an endpoint cuts and templates as it likes.
  const sampling = temperature === 0 ? {} : { top_p, seed };
  const local = engine === "endpoint" ? {} : { cutoff_len, llamafactory };
  const named = typeof infer.model === "string" ? { served_model: infer.model } : {};
  // A server's arguments can change what it says (another precision, a penalty).
  const started =
    engine === "server"
      ? { command: infer.command, adapter_arguments: infer.adapter_arguments }
      : {};
  const held = infer.guided === true ? { guided: true } : {};
  const answer = { engine, max_new_tokens, temperature };
  return { ...answer, ...sampling, ...local, ...named, ...started, ...held };
}

/** How the model is run, which decides nothing. */
function running(making: Making): JsonObject {
  const { infer } = making.knowledge;
  const {
    engine,
    max_new_tokens,
    temperature,
    top_p,
    cutoff_len,
    llamafactory,
    guided,
    ...execution
  } = infer;
  void [engine, max_new_tokens, temperature, top_p, cutoff_len, llamafactory, guided];
  return { ...defined(execution), prompts: making.prompts };
}

/** Settings that an engine ignores have been dropped, so they may be undefined. */
const defined = (settings: { readonly [key: string]: Json | undefined }): JsonObject =>
  Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
