import type { EstimateStage, StageEstimate } from "../../../src/contract/runner.js";
import { requestsAtOnce } from "../../base/chat/at-once.js";
import { cardsAsked } from "../../base/stage/gpus.js";
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
  RIGHT,
  sizeOf,
  TEMPLATE,
  writingHours,
} from "../../base/stage/cost-model.js";
import {
  knownServer,
  type ReviewParams,
  type TeachExecution,
  type ThinkParams,
} from "./settings.js";

/** A verdict in its tags. */
const VERDICT = 20;

/** What a teacher's thinking takes. */
export function estimateThink(stage: EstimateStage): StageEstimate {
  const params = stage.params as ThinkParams;
  const all = sizeOf(stage.inputs["dataset"], "users");
  const users = atMost(params.users, all);
  // Items asked about are targets of users, each once.
  const items = atMost(params.items, Math.min(all, sizeOf(stage.inputs["dataset"], "items")));
  const history = params.prompts.history * ENTRY;
  const promptTokens = users * (TEMPLATE + history) + items * (TEMPLATE + 3 * history);
  const wrong = 1 - RIGHT;
  return {
    ...costOf(stage, promptTokens, (users + items) * (KNOWLEDGE + VERDICT)),
    sizes: {
      "user.think.wrong": wrong * users,
      "item.think.wrong": wrong * items,
      "samples.thinking": RIGHT * (users + items),
    },
  };
}

/** What reflecting on wrong thoughts and refining them takes. */
export function estimateReview(stage: EstimateStage): StageEstimate {
  const params = stage.params as ReviewParams;
  const users = sizeOf(stage.inputs["think"], "user.think.wrong");
  const items = sizeOf(stage.inputs["think"], "item.think.wrong");
  const history = params.prompts.history * ENTRY;
  const shown = 2 * (TEMPLATE + KNOWLEDGE) + JUDGEMENT;
  const promptTokens = users * (shown + 2 * history) + items * (shown + 6 * history);
  const wrong = users + items;
  return {
    ...costOf(stage, promptTokens, wrong * (JUDGEMENT + KNOWLEDGE + VERDICT)),
    sizes: {
      "samples.reflection": wrong * (1 + params.balance),
      "samples.refinement": RIGHT * wrong,
    },
  };
}

function costOf(
  { params, execution }: EstimateStage,
  promptTokens: number,
  completionTokens: number,
): Omit<StageEstimate, "sizes"> {
  const { model } = (params as ThinkParams).teacher;
  const { prices, concurrency: wanted, gpus, server } = execution as TeachExecution;
  const served = typeof model !== "string";
  const concurrency = requestsAtOnce(wanted, knownServer(server), cardsAsked(gpus).gpus);
  const gpuHours = served
    ? writingHours(billionsOf(model), promptTokens, completionTokens, concurrency)
    : 0;
  return {
    promptTokens,
    completionTokens,
    prices: pricesOf(prices),
    gpuHours,
    seconds: served ? gpuSeconds(gpuHours) : endpointSeconds(completionTokens, concurrency),
    kinds: [nameOf(model)],
  };
}
