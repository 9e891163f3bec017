import type { Json, JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { chatTemplateOf } from "../../base/models/chat-template.js";
import { modelInput, type NamedModel } from "../../base/models/model-input.js";
import type { PromptParams } from "../../base/prompts/open.js";
import { engineNamed } from "../../base/stage/engine.js";
import { inferEngines } from "./engines/index.js";
import type { Answering, InferExecution, InferParams, InferSettings } from "./settings.js";

/** What a stage that asks a model is made from. */
export interface InferRequest {
  readonly step: "think" | "reflect" | "refine";
  readonly label: string;
  readonly settings: InferSettings;
  /** The model that answers, before any adapter. */
  readonly model: NamedModel;
  /** Seed of sampled answers. */
  readonly seed: number;
  readonly prompts: PromptParams;
  /** Absolute folder of the user's own templates, or null. */
  readonly templates: string | null;
  /** think: how many users and items get knowledge; missing: all. */
  readonly limits: Pick<InferParams, "users" | "items">;
  /** think: the share of texts below which the result is marked as a warning. */
  readonly coverage?: number;
  /** The data set, an adapter, the texts to judge or to rewrite. */
  readonly inputs: StageRequest["inputs"];
}

/** The stage in which a model thinks, reflects or refines. */
export function inferStage(
  request: InferRequest,
  place: SpecPlace,
): StageRequest<InferParams, InferExecution> {
  const { model: named, settings } = request;
  const model = modelInput("model", named.name, named.revision ?? null, place);
  return {
    runner: request.step,
    label: request.label,
    params: {
      prompts: request.prompts,
      ...request.limits,
      model: model.params,
      template: named.template ?? chatTemplateOf(named.name) ?? "default",
      answer: answering(settings, request.seed),
    },
    inputs: { ...request.inputs, ...model.inputs },
    files: model.files,
    execution: {
      ...executionOf(settings, request.templates),
      ...(request.coverage === undefined ? {} : { coverage: request.coverage }),
    },
  };
}

/** What decides a model's answer to a prompt. */
function answering(settings: InferSettings, seed: number): Answering {
  const { engine, max_new_tokens, temperature, top_p } = settings;
  return {
    engine,
    max_new_tokens,
    temperature,
    // Greedy answers depend on no seed.
    ...(temperature === 0 ? {} : { top_p, seed }),
    ...pick(settings, engineNamed(inferEngines, engine).decides),
    ...(typeof settings.model === "string" ? { served_model: settings.model } : {}),
    ...(settings.guided === true ? { guided: true } : {}),
    ...(Object.keys(settings.extra ?? {}).length > 0 ? { extra: settings.extra } : {}),
    ...((settings.cut_tries ?? 0) > 0 ? { cut_tries: settings.cut_tries } : {}),
    ...((settings.arguments ?? []).length > 0 ? { arguments: settings.arguments } : {}),
  };
}

/** Settings that decide an answer, whatever the engine: the others only say how it is run. */
const DECIDING: ReadonlySet<string> = new Set([
  "engine",
  "max_new_tokens",
  "temperature",
  "top_p",
  "cutoff_len",
  "llamafactory",
  "guided",
  "extra",
  "cut_tries",
  "arguments",
]);

/** How the model is run. This does not change an answer. */
const executionOf = (settings: InferSettings, templates: string | null): InferExecution =>
  ({
    ...pick(
      settings,
      Object.keys(settings).filter((name) => !DECIDING.has(name)) as (keyof InferSettings)[],
    ),
    prompts: templates,
  }) as InferExecution;

/** Some settings; those that the engine does not read have been dropped before and are left out. */
const pick = (settings: InferSettings, names: readonly (keyof InferSettings)[]): JsonObject =>
  Object.fromEntries(
    names
      .map((name) => [name, settings[name] as Json | undefined] as const)
      .filter((entry): entry is readonly [keyof InferSettings, Json] => entry[1] !== undefined),
  );
