import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { askAll } from "../../base/chat/ask.js";
import { Budget } from "../../base/chat/budget.js";
import { chatEndpoint, classify, EndpointError } from "../../base/chat/endpoint.js";
import { DEFAULT_RETRY, withRetries } from "../../base/chat/retry.js";
import { endingWith } from "../../base/chat/served.js";
import type { Answerer } from "./answerer.js";
import type { InferExecution, InferParams } from "./settings.js";

/** An answerer that talks to an OpenAI-compatible endpoint which is there already. */
export async function loadEndpoint(task: StageTask): Promise<Answerer> {
  const execution = task.execution as unknown as InferExecution;
  const model = execution.model ?? (await firstModel(task, execution.base_url));
  return chatAnswerer(task, execution.base_url, model);
}

/**
 * An answerer that talks to the model of an endpoint.
 *
 * @param gone aborted when the endpoint is known to be gone, so that asking again is of no use
 */
export function chatAnswerer(
  task: StageTask,
  baseUrl: string,
  model: string,
  gone?: AbortSignal,
): Answerer {
  const { answer } = task.params as unknown as InferParams;
  const execution = task.execution as unknown as InferExecution;
  const sampling: JsonObject = {
    ...(answer.top_p === undefined ? {} : { top_p: answer.top_p }),
    ...(answer.seed === undefined ? {} : { seed: answer.seed }),
  };
  const completeWith = (guide: string | undefined) =>
    withRetries(
      chatEndpoint({
        baseUrl,
        model,
        apiKeyEnv: execution.api_key_env,
        temperature: answer.temperature,
        maxTokens: answer.max_new_tokens,
        timeoutSeconds: execution.timeout_seconds,
        extra: guide === undefined ? sampling : { ...sampling, guided_regex: guide },
      }),
      {
        ...DEFAULT_RETRY,
        attempts: execution.retries + 1,
        onRetry: ({ message }, attempt, wait) => {
          const again = `asking again in ${(wait / 1000).toFixed(1)} s (try ${attempt + 1})`;
          task.emit({ type: "note", severity: "info", message: `${model}: ${message}; ${again}` });
        },
      },
    );
  return {
    async answer(questions, log, progress) {
      let before = 0;
      for (const guide of new Set(questions.map((question) => question.guide))) {
        const held = questions.filter((question) => question.guide === guide);
        const start = before;
        await askAll(held, {
          complete: completeWith(guide),
          log,
          budget: new Budget({ tokens: null, usd: null }, { prompt: 0, completion: 0 }),
          maxTokens: answer.max_new_tokens,
          concurrency: execution.concurrency,
          stop: gone === undefined ? task.stop : endingWith(task.stop, gone),
          onAnswer: (answered) => progress(start + answered),
        });
        before += held.length;
      }
    },
    close: () => Promise.resolve(),
  };
}

/** The first model that an endpoint lists. */
async function firstModel(task: StageTask, baseUrl: string): Promise<string> {
  const { OpenAI } = await import("openai");
  const { api_key_env, timeout_seconds } = task.execution as unknown as InferExecution;
  const apiKey = api_key_env === null ? "none" : (process.env[api_key_env] ?? "none");
  const client = new OpenAI({ baseURL: baseUrl, apiKey, maxRetries: 3, logLevel: "off" });
  try {
    const list = await client.models.list({
      signal: AbortSignal.any([task.stop.abort, AbortSignal.timeout(timeout_seconds * 1000)]),
    });
    const id = list.data[0]?.id;
    if (id !== undefined) return id;
  } catch (error) {
    throw classify(error, apiKey);
  }
  throw new EndpointError(`${baseUrl} lists no model; name one by knowledge.infer.model`, {
    status: null,
    kind: "fatal",
    retryAfter: null,
  });
}
