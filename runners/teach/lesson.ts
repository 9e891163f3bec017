import path from "node:path";
import type { StageTask } from "../../src/runner.js";
import { AnswerLog } from "../llm/answer-log.js";
import { Budget } from "../llm/budget.js";
import { chatEndpoint } from "../llm/endpoint.js";
import { DEFAULT_RETRY, withRetries } from "../llm/retry.js";
import type { PromptMaker, Subject, Target } from "../prompts/index.js";
import { lengthOf, titleOf } from "../prompts/index.js";
import { openPromptMaker } from "../prompts/open.js";
import type { TeacherAsking } from "./ask-teacher.js";
import { namesTarget, speaksOfTargetUser } from "./samples.js";
import type { ReviewParams, TeachExecution, ThinkParams } from "./settings.js";

/** All that a teach stage works with. */
export interface Lesson {
  readonly maker: PromptMaker;
  /** `Movie` or `Book`. */
  readonly tag: string;
  /** How to ask; `unit` is what progress counts. */
  asking(unit: string): TeacherAsking;
  /** True where a text gives a teacher's target away. */
  givesAway(knowledge: string, subject: Subject, target: Target): boolean;
  /** Requests, tokens and US dollars so far. */
  costs(): { readonly [name: string]: number };
  /** Marks for every view. */
  readonly marks: { readonly [name: string]: string };
  close(): void;
}

/** Opens the data, the templates, the kept answers and the endpoint of a teach stage. */
export async function openLesson(task: StageTask): Promise<Lesson> {
  const params = task.params as ThinkParams | ReviewParams;
  const execution = task.execution as TeachExecution;
  const maker = await openPromptMaker(task.inputs["dataset"]!, params.prompts, execution.prompts);
  const log = new AnswerLog(path.join(task.work, "answers"));
  const budget = new Budget(execution.budget, execution.prices);
  const complete = withRetries(
    chatEndpoint({
      baseUrl: execution.base_url,
      model: params.teacher.model,
      apiKeyEnv: execution.api_key_env,
      temperature: params.teacher.temperature,
      maxTokens: params.teacher.max_tokens,
      timeoutSeconds: execution.timeout_seconds,
      extra: params.teacher.extra,
    }),
    { ...DEFAULT_RETRY, attempts: execution.retries + 1 },
  );
  return {
    maker,
    tag: maker.templates.words.tag,
    asking: (unit) => ({
      complete,
      log,
      budget,
      maxTokens: params.teacher.max_tokens,
      concurrency: execution.concurrency,
      stop: task.stop,
      identity: params.teacher,
      readableTries: params.readable_tries,
      onAnswer: (done, total) => task.emit({ type: "progress", done, total, unit }),
    }),
    givesAway: (knowledge, subject, target) =>
      subject === "item"
        ? speaksOfTargetUser(knowledge)
        : namesTarget(knowledge, titleOf(maker.data, target.item), shownTitles(maker, target.user)),
    costs: () => {
      const { requests, promptTokens, completionTokens, usd } = budget.total();
      return {
        "cost.requests": requests,
        "cost.prompt_tokens": promptTokens,
        "cost.completion_tokens": completionTokens,
        "cost.usd": usd,
      };
    },
    marks:
      params.prompts.item_raters === "train"
        ? { "leak.item_raters": "raters of items chosen from all training positions" }
        : {},
    close: () => log.close(),
  };
}

function shownTitles(maker: PromptMaker, user: number): string[] {
  const first = maker.data.offsets[user]!;
  const count = Math.min(maker.history, lengthOf(maker.data, user));
  return Array.from({ length: count }, (_, position) =>
    titleOf(maker.data, maker.data.interactionItem[first + position]!),
  );
}
