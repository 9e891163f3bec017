import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { modelLocation, modelLabel } from "../../base/models/model-input.js";
import { AnswerLog } from "../../base/chat/answer-log.js";
import { Budget } from "../../base/chat/budget.js";
import type { Complete } from "../../base/chat/completions.js";
import { chatEndpoint } from "../../base/chat/completions.js";
import { DEFAULT_RETRY, withRetries } from "../../base/chat/retry.js";
import { emptyFolder, OWN_SERVER, startServed, type Served } from "../../base/chat/served.js";
import type { PromptMaker, Subject, Target } from "../../base/prompts/index.js";
import { guidesOf, lengthOf, titleOf, type Guides } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import type { TeacherAsking } from "./ask-teacher.js";
import { namesTarget, speaksOfTargetUser } from "./samples.js";
import type { ReviewParams, TeachExecution, ThinkParams } from "./settings.js";

/** All that a teach stage works with. */
export interface Lesson {
  readonly maker: PromptMaker;
  /** `Movie` or `Book`. */
  readonly tag: string;
  /** What answers are held to where knowledge.teacher.guided says so. */
  readonly guides: Guides;
  /** How to ask; `unit` is what progress counts. */
  asking(unit: string, guide: string): TeacherAsking;
  /** True where a text gives a teacher's target away. */
  givesAway(knowledge: string, subject: Subject, target: Target): boolean;
  /** Requests, tokens and US dollars so far. */
  costs(): { readonly [name: string]: number };
  /** Marks for every view. */
  readonly marks: { readonly [name: string]: string };
  /** Ends the server, where there is one of the stage's own. */
  close(): Promise<void>;
}

/** Opens the data, the templates, the kept answers and the endpoint of a teach stage. */
export async function openLesson(task: StageTask): Promise<Lesson> {
  const params = task.params as ThinkParams | ReviewParams;
  const execution = task.execution as TeachExecution;
  const maker = await openPromptMaker(task.inputs, params.prompts, execution.prompts);
  const teacher = teacherOf(task);
  const log = new AnswerLog(path.join(task.work, "answers"));
  const budget = new Budget(execution.budget, execution.prices);
  const { words } = maker.templates;
  return {
    maker,
    tag: words.tag,
    guides: guidesOf(words),
    asking: (unit, guide) => ({
      complete: teacher.complete(guide),
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
    close: async () => {
      log.close();
      await teacher.close();
    },
  };
}

interface Teacher {
  complete(guide: string): Complete;
  close(): Promise<void>;
}

/** The endpoint that is there already, or the stage's own server, started when first asked. */
function teacherOf(task: StageTask): Teacher {
  const { teacher } = task.params as ThinkParams | ReviewParams;
  const execution = task.execution as TeachExecution;
  const connect = (guide: string, baseUrl: string | null, model: string): Complete =>
    withRetries(
      chatEndpoint({
        baseUrl,
        model,
        apiKeyEnv: execution.api_key_env,
        temperature: teacher.temperature,
        maxTokens: teacher.max_tokens,
        timeoutSeconds: execution.timeout_seconds,
        extra: teacher.guided ? { guided_regex: guide, ...teacher.extra } : teacher.extra,
      }),
      { ...DEFAULT_RETRY, attempts: execution.retries + 1 },
    );
  const { model } = teacher;
  if (typeof model === "string") {
    return {
      complete: (guide) => connect(guide, execution.base_url, model),
      close: () => Promise.resolve(),
    };
  }
  let starting: Promise<Served> | null = null;
  return {
    complete: (guide) => {
      let connected: Complete | null = null;
      return async (prompt, abort) => {
        const served = await (starting ??= startTeacher(task));
        connected ??= connect(guide, served.baseUrl, served.model);
        return Promise.race([connected(prompt, abort), served.died]);
      };
    },
    close: async () => {
      const served = await starting?.catch(() => null);
      await served?.close();
    },
  };
}

async function startTeacher(task: StageTask): Promise<Served> {
  const { teacher } = task.params as ThinkParams | ReviewParams;
  const { server, start_timeout_seconds, concurrency } = task.execution as TeachExecution;
  if (server === null || typeof teacher.model === "string") throw new Error("there is no server");
  const folder = path.join(task.work, "server");
  await emptyFolder(folder);
  const model = modelLocation("model", teacher.model, task);
  task.emit({ type: "facts", values: { teacher: modelLabel(teacher.model) } });
  return startServed(task, {
    command: server === "r4ec" ? [...OWN_SERVER, "--batch", String(concurrency)] : server,
    values: { model },
    config: {
      model_name_or_path: model,
      template: teacher.template ?? "default",
      trust_remote_code: false,
      infer_backend: "huggingface",
    },
    folder,
    startTimeoutSeconds: start_timeout_seconds,
    setting: "knowledge.teacher.server",
  });
}

function shownTitles(maker: PromptMaker, user: number): string[] {
  const first = maker.data.offsets[user]!;
  const count = Math.min(maker.history, lengthOf(maker.data, user));
  return Array.from({ length: count }, (_, position) =>
    titleOf(maker.data, maker.data.interactionItem[first + position]!),
  );
}
