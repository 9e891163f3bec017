import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { AnswerLog } from "../../base/chat/answer-log.js";
import { Budget } from "../../base/chat/budget.js";
import type { PromptMaker } from "../../base/prompts/index.js";
import { guidesOf, type Guides } from "../../base/prompts/index.js";
import { openPromptMaker } from "../../base/prompts/open.js";
import type { TeacherAsking } from "./ask-teacher.js";
import type { ReviewParams, TeachExecution, ThinkParams } from "./settings.js";
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
  /** Requests, tokens and US dollars so far. */
  costs(): { readonly [name: string]: number };
  /** Marks for every view. */
  readonly marks: { readonly [name: string]: string };
  /** Ends the server, where there is one of the stage's own. */
  close(): Promise<void>;
}

/** Opens the data, the templates, the kept answers and the endpoint of a teach stage. */
export async function openLesson(
  task: StageTask<ThinkParams | ReviewParams, TeachExecution>,
): Promise<Lesson> {
  const { params, execution } = task;
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
