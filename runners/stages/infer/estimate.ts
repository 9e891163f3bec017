import { engineNamed } from "../../base/stage/engine.js";
import { inferEngines } from "./engines/index.js";
import type { EstimateStage, StageEstimate } from "../../../src/contract/runner.js";
import {
  atMost,
  billionsOf,
  endpointSeconds,
  ENTRY,
  gpuSeconds,
  JUDGEMENT,
  KNOWLEDGE,
  nameOf,
  pricesOf,
  sizeOf,
  TEMPLATE,
  UNREASONABLE,
  writingHours,
} from "../../base/stage/cost-model.js";
import type { InferExecution, InferParams } from "./settings.js";

type Step = "think" | "reflect" | "refine";

/** What asking a model about users and items takes. */
export function estimateInfer(
  step: Step,
  { params, execution, inputs }: EstimateStage<InferParams, InferExecution>,
): StageEstimate {
  const { answer, model, prompts, ...limits } = params;
  const { dataset, text } = inputs;
  const about =
    step === "think"
      ? {
          users: atMost(limits.users, sizeOf(dataset, "users")),
          items: atMost(limits.items, sizeOf(dataset, "items")),
        }
      : { users: sizeOf(text, "users.texts"), items: sizeOf(text, "items.texts") };
  const share = (side: "users" | "items") => {
    if (step !== "refine") return about[side];
    const judged = text?.sizes[`${side}.unreasonable`];
    return judged ?? UNREASONABLE * about[side];
  };
  const asked = { users: share("users"), items: share("items") };
  const written = step === "think" ? 0 : KNOWLEDGE + (step === "refine" ? JUDGEMENT : 0);
  const history = prompts.history * ENTRY;
  const promptTokens =
    asked.users * (TEMPLATE + written + history) + asked.items * (TEMPLATE + written + 2 * history);
  const length = Math.min(answer.max_new_tokens, step === "reflect" ? JUDGEMENT : KNOWLEDGE);
  const completionTokens = (asked.users + asked.items) * length;
  const batch = engineNamed(inferEngines, answer.engine).promptsAtOnce(execution);
  const gpuHours =
    batch === null ? 0 : writingHours(billionsOf(model), promptTokens, completionTokens, batch);
  const { prices } = execution;
  return {
    promptTokens,
    completionTokens,
    ...(prices !== undefined && { prices: pricesOf(prices) }),
    gpuHours,
    seconds:
      batch === null
        ? endpointSeconds(completionTokens, execution.concurrency)
        : gpuSeconds(gpuHours),
    kinds: [`${answer.engine} ${answer.served_model ?? nameOf(model)}`, answer.engine],
    sizes: {
      "users.texts": about.users,
      "items.texts": about.items,
      ...(step === "reflect"
        ? {
            "users.unreasonable": UNREASONABLE * about.users,
            "items.unreasonable": UNREASONABLE * about.items,
          }
        : {}),
    },
  };
}
