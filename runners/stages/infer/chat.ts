import type { InferTask } from "./engines/engine.js";
import type { JsonObject } from "../../../src/base/json.js";
import { redact } from "../../../src/base/redact.js";
import type { Without } from "../../base/chat/answer.js";
import { askAll } from "../../base/chat/ask.js";
import { Budget } from "../../base/chat/budget.js";
import { chatEndpoint } from "../../base/chat/completions.js";
import { firstModel } from "../../base/chat/endpoint.js";
import { FREE, tellsPaid } from "../../base/chat/paid.js";
import { EndpointError } from "../../base/chat/endpoint-error.js";
import { retriesOf, withRetries } from "../../base/chat/retry.js";
import { endingWith } from "../../base/chat/served.js";
import type { ModelServer } from "../../base/chat/model-server.js";
import { guideFields } from "../../base/chat/model-server.js";
import { requestsAtOnce } from "../../base/chat/at-once.js";
import { cutTriesOf } from "./settings.js";
import type { Answerer } from "./answerer.js";

/** An answerer that talks to an OpenAI-compatible endpoint which is there already. */
export async function loadEndpoint(task: InferTask): Promise<Answerer> {
  const execution = task.execution;
  const model = execution.model ?? (await listedModel(task, execution.base_url));
  return chatAnswerer(task, execution.base_url, model);
}

/** What is known of an endpoint that the stage serves itself. */
interface Serving {
  /** Aborted when it is known to be gone, so that asking again is of no use. */
  readonly gone: AbortSignal;
  /** Null: by a command of the user's. */
  readonly kind: ModelServer | null;
}

/** An answerer that talks to the model of an endpoint. */
export function chatAnswerer(
  task: InferTask,
  baseUrl: string,
  model: string,
  serving?: Serving,
): Answerer {
  const kind = serving?.kind ?? null;
  const { answer } = task.params;
  const execution = task.execution;
  const sampling: JsonObject = {
    ...(answer.top_p === undefined ? {} : { top_p: answer.top_p }),
    ...(answer.seed === undefined ? {} : { seed: answer.seed }),
  };
  const extra = answer.extra ?? {};
  const completeWith = (guide: string | undefined) =>
    withRetries(
      chatEndpoint({
        baseUrl,
        model,
        apiKeyEnv: execution.api_key_env ?? null,
        temperature: answer.temperature,
        maxTokens: answer.max_new_tokens,
        timeoutSeconds: execution.timeout_seconds,
        extra: { ...sampling, ...(guide === undefined ? {} : guideFields(kind, guide)), ...extra },
      }),
      retriesOf(task, model, execution.retries),
    );
  return {
    async answer(questions, log, progress) {
      let before = 0;
      const without = new Map<string, Without>();
      for (const guide of new Set(questions.map((question) => question.guide))) {
        const held = questions.filter((question) => question.guide === guide);
        const start = before;
        const outcomes = await askAll(held, {
          complete: completeWith(guide),
          log,
          budget: new Budget({ tokens: null, usd: null }, FREE),
          maxTokens: answer.max_new_tokens,
          cutTries: cutTriesOf(task.params.answer),
          concurrency: requestsAtOnce(execution.concurrency, kind, task.resources.gpus.length),
          onPaid: tellsPaid(task, execution.prices),
          stop: serving === undefined ? task.stop : endingWith(task.stop, serving.gone),
          onAnswer: (answered) => progress(start + answered),
        });
        outcomes.forEach((outcome, place) => {
          if (!("kept" in outcome)) without.set(held[place]!.key, outcome);
        });
        before += held.length;
      }
      return without;
    },
    close: () => Promise.resolve(),
  };
}

/** The first model that the endpoint lists. */
async function listedModel(task: InferTask, baseUrl: string): Promise<string> {
  const { api_key_env, timeout_seconds, retries } = task.execution;
  const ask = withRetries(
    firstModel({ baseUrl, apiKeyEnv: api_key_env, timeoutSeconds: timeout_seconds }),
    retriesOf(task, redact(baseUrl), retries),
  );
  const model = await ask(null, task.stop.abort);
  if (model !== null) return model;
  const what = `${redact(baseUrl)} lists no model; name one with knowledge.infer.model`;
  throw new EndpointError(what, "fatal");
}
