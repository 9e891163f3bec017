import type { Domain } from "../../base/artifacts/domain.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { modelInput, modelLabel } from "../../base/models/model-input.js";
import { chatTemplateOf } from "../../base/models/chat-template.js";
import { templateHashes } from "../../base/prompts/hashes.js";
import { TEMPLATE_NAMES, type TemplateName } from "../../base/prompts/templates.js";
import type { ReviewParams, TeachExecution, TeacherSettings, ThinkParams } from "./settings.js";

/** What the teach stages need of a cell's knowledge settings. */
export interface TeachSettings {
  readonly history: number;
  readonly item_raters: "early" | "train";
  readonly seed: number;
  readonly teacher: TeacherSettings;
  readonly domain: Domain;
  /** Absolute folder of the user's own templates, or null. */
  readonly prompts: string | null;
  readonly place: SpecPlace;
}

/** Names of the templates of some steps, in both forms. */
const templatesOf = (steps: readonly string[]): readonly TemplateName[] =>
  TEMPLATE_NAMES.filter((name) => steps.some((step) => name.includes(`-${step}.`)));

/**
 * The two stages that make the teacher's samples. `think` is all that r2ec needs; `review` (which
 * holds `think`) adds reflection and refinement samples for r4ec.
 *
 * @param shown what prompts are made of: `dataset`, and `split` where they depend on it
 */
export function teachStages(
  settings: TeachSettings,
  dataset: StageRequest,
  shown: StageRequest["inputs"] = { dataset },
): { readonly think: StageRequest; readonly review: StageRequest } {
  const { teacher } = settings;
  const prompts = (steps: readonly string[]) => ({
    history: settings.history,
    item_raters: settings.item_raters,
    seed: settings.seed,
    templates: templateHashes(settings, templatesOf(steps)),
  });
  const served =
    teacher.server === null
      ? null
      : modelInput("model", teacher.model, teacher.revision ?? null, settings.place);
  const identity = {
    ...(served === null
      ? { model: teacher.model }
      : {
          model: served.params,
          template: teacher.template ?? chatTemplateOf(teacher.model) ?? "default",
        }),
    guided: teacher.guided,
    temperature: teacher.temperature,
    max_tokens: teacher.max_tokens,
    extra: teacher.extra,
    ...((teacher.cut_tries ?? 0) > 0 ? { cut_tries: teacher.cut_tries! } : {}),
  };
  const execution: TeachExecution = {
    base_url: teacher.base_url ?? null,
    api_key_env: teacher.api_key_env ?? null,
    server: teacher.server,
    ...(teacher.gpus === undefined ? {} : { gpus: teacher.gpus }),
    start_timeout_seconds: teacher.start_timeout_seconds ?? 900,
    concurrency: teacher.concurrency,
    timeout_seconds: teacher.timeout_seconds,
    retries: teacher.retries,
    budget: teacher.budget,
    prices: teacher.prices,
    prompts: settings.prompts,
  };
  const stage = (
    runner: string,
    params: ThinkParams | ReviewParams,
    inputs: StageRequest["inputs"],
  ): StageRequest => ({
    runner,
    label: `${runner} ${served === null ? teacher.model : modelLabel(served.params)}`,
    params: params as JsonObject,
    inputs: { ...inputs, ...served?.inputs },
    files: served?.files ?? {},
    execution,
  });
  const think = stage(
    "teach-think",
    {
      prompts: prompts(["think"]),
      teacher: identity,
      users: teacher.users,
      items: teacher.items,
      readable_tries: teacher.readable_tries,
    },
    shown,
  );
  const review = stage(
    "teach-review",
    {
      prompts: prompts(["reflect", "refine"]),
      teacher: identity,
      readable_tries: teacher.readable_tries,
      balance: teacher.balance,
    },
    { ...shown, think },
  );
  return { think, review };
}
