import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import type { Without } from "../../base/chat/answer.js";
import { requestsAtOnce } from "../../base/chat/at-once.js";
import { judgeAnswers, reasonMetrics, reasonsOf, reasonsText } from "../../base/chat/coverage.js";
import { longestAnswer } from "../../base/chat/extra.js";
import { AnswerLog } from "../../base/chat/answer-log.js";
import { Budget } from "../../base/chat/budget.js";
import { tellsPaid } from "../../base/chat/paid.js";
import type { PromptMaker } from "../../base/prompts/index.js";
import { guidesOf, type Guides } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import type { TeacherAsking } from "./ask-teacher.js";
import {
  knownServer,
  type ReviewParams,
  type TeachExecution,
  type ThinkParams,
} from "./settings.js";
import { teacherOf } from "./teacher.js";

/** All that a teach stage works with. */
export interface Lesson {
  readonly maker: PromptMaker;
  /** `Movie` or `Book`. */
  readonly tag: string;
  /** What answers are held to where knowledge.teacher.guided says so. */
  readonly guides: Guides;
  /** How to ask; `unit` is what progress counts. */
  asking(unit: string, guide: string): TeacherAsking;
  /** Requests, tokens and US dollars so far, and how many prompts got no text, by reason. */
  metrics(): { readonly [name: string]: number };
  /** Marks for every view. */
  marks(): { readonly [name: string]: string };
  /** Ends the server, where there is one of the stage's own. */
  close(): Promise<void>;
}

/**
 * Opens the data, the templates, the kept answers and the endpoint of a teach stage.
 *
 * @param least so many prompts without a text may end the stage, see coverage.ts
 */
export async function openLesson(
  task: StageTask<ThinkParams | ReviewParams, TeachExecution>,
  least: number,
): Promise<Lesson> {
  const { params, execution } = task;
  const maker = await openPromptMaker(task.inputs, params.prompts, execution.prompts);
  const teacher = teacherOf(task);
  const log = new AnswerLog(path.join(task.work, "answers"));
  const budget = new Budget(execution.budget, execution.prices);
  const { words } = maker.templates;
  // Whether a cut answer is asked again decides nothing about its first asking.
  const asked = Object.fromEntries(
    Object.entries(params.teacher).filter(([name]) => name !== "cut_tries"),
  ) as JsonObject;
  const without: Without[] = [];
  let prompts = 0;
  return {
    maker,
    tag: words.tag,
    guides: guidesOf(words),
    asking: (unit, guide) => ({
      complete: teacher.complete(guide),
      log,
      budget,
      maxTokens: longestAnswer({
        maxTokens: params.teacher.max_tokens,
        extra: params.teacher.extra,
      }),
      cutTries: params.teacher.cut_tries ?? 0,
      concurrency: requestsAtOnce(
        execution.concurrency,
        knownServer(execution.server),
        task.resources.gpus.length,
      ),
      stop: task.stop,
      identity: asked,
      readableTries: params.readable_tries,
      onPaid: tellsPaid(task, execution.prices),
      onAnswer: (done, total) => task.emit({ type: "progress", done, total, unit }),
      judge: (outcomes) => {
        judgeAnswers(task, outcomes, { who: unit, least });
        without.push(...outcomes.filter((each) => each !== null));
        prompts += outcomes.length;
      },
    }),
    metrics: () => {
      const { requests, promptTokens, completionTokens, usd } = budget.total();
      return {
        "cost.requests": requests,
        "cost.prompt_tokens": promptTokens,
        "cost.completion_tokens": completionTokens,
        "cost.usd": usd,
        ...reasonMetrics("answers", reasonsOf(without)),
      };
    },
    marks: () => ({
      ...(params.prompts.item_raters === "train"
        ? { "leak.item_raters": "raters of items chosen from all training positions" }
        : {}),
      ...(without.length > 0
        ? {
            teacher:
              `${without.length} of ${prompts} prompts got no text ` +
              `(${reasonsText(reasonsOf(without))})`,
          }
        : {}),
    }),
    close: async () => {
      log.close();
      await teacher.close();
    },
  };
}
