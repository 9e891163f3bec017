import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { RunnerProgram, StageTask } from "../../../src/contract/runner.js";
import type { Subject, Target } from "../../base/prompts/index.js";
import { parseVerdict, studentPrompt, teacherPrompt } from "../../base/prompts/index.js";
import { programOf } from "../../base/stage/program.js";
import { writeJsonl } from "../../base/files/jsonl.js";
import { askTeacher } from "./ask-teacher.js";
import { openLesson } from "./lesson.js";
import { writeSampleSets, type Sample, sample } from "../../base/artifacts/samples.js";
import type { ThinkParams } from "./settings.js";
import { chooseTargets, seededRandom } from "./targets.js";

/** What the teacher thought of one target: a line of `answers.jsonl`. */
export interface Thought {
  readonly subject: Subject;
  readonly user: number;
  readonly item: number;
  /** The true label. */
  readonly likes: boolean;
  readonly outcome: "right" | "wrong" | "unreadable" | "refused";
  /** Why it could not be read, or why there is no answer. */
  readonly reason?: string;
  /** The knowledge, where the answer could be read. */
  readonly knowledge?: string;
  /** True where the knowledge gives the target away; then it becomes no sample. */
  readonly namesTarget?: boolean;
  /** The raw answer. */
  readonly answer?: string;
}

/** teach-think: asks the teacher about each target and sorts its answers by the true label. */
async function think(task: StageTask): Promise<void> {
  const params = task.params as ThinkParams;
  const lesson = await openLesson(task, 1);
  try {
    const thoughts: Thought[] = [];
    for (const subject of ["user", "item"] as const) {
      const count = subject === "user" ? params.users : params.items;
      const random = seededRandom(params.prompts.seed + (subject === "user" ? 0 : 1));
      const targets = chooseTargets(lesson.maker.data, subject, count, random);
      const outcomes = await askTeacher(
        targets.map((target) => teacherPrompt(lesson.maker, "think", subject, target, null)),
        (answer) => parseVerdict(answer, subject, lesson.tag),
        lesson.asking(`${subject}s`, lesson.guides.verdict(subject)),
      );
      outcomes.forEach((outcome, index) => {
        const target = targets[index]!;
        const base = { subject, user: target.user, item: target.item, likes: target.likes };
        if (outcome.status === "refused") {
          thoughts.push({ ...base, outcome: "refused", reason: outcome.without.why });
        } else if (outcome.status === "unreadable") {
          const { reason, answer } = outcome;
          thoughts.push({ ...base, outcome: "unreadable", reason, answer });
        } else {
          const { knowledge, likes } = outcome.value;
          thoughts.push({
            ...base,
            outcome: likes === target.likes ? "right" : "wrong",
            knowledge,
            namesTarget: lesson.givesAway(knowledge, subject, target),
            answer: outcome.answer,
          });
        }
      });
    }
    await writeJsonl(path.join(task.out, "answers.jsonl"), thoughts as unknown as JsonObject[]);
    const samples = thoughts.flatMap((thought): Sample[] =>
      thought.outcome === "right" && !thought.namesTarget
        ? [
            sample(
              studentPrompt(
                lesson.maker,
                "think",
                aboutOf(thought),
                null,
                targetOfThought(thought),
              ),
              thought.knowledge!,
            ),
          ]
        : [],
    );
    await writeSampleSets(task.out, { thinking: samples });
    const metrics = {
      ...lesson.metrics(),
      ...countThoughts(thoughts),
      "samples.thinking": samples.length,
    };
    await writeFile(
      path.join(task.out, "statistics.json"),
      `${JSON.stringify(metrics, null, 2)}\n`,
    );
    await task.publish({ metrics, marks: lesson.marks() });
  } finally {
    await lesson.close();
  }
}

/** The subject of a thought. */
export const aboutOf = (thought: Thought) => ({
  subject: thought.subject,
  index: thought.subject === "user" ? thought.user : thought.item,
});

/** The target of a thought. */
export const targetOfThought = (thought: Thought): Target => ({
  user: thought.user,
  item: thought.item,
  likes: thought.likes,
});

function countThoughts(thoughts: readonly Thought[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const subject of ["user", "item"]) {
    for (const outcome of ["right", "wrong", "unreadable", "refused"]) {
      counts[`${subject}.think.${outcome}`] = thoughts.filter(
        (thought) => thought.subject === subject && thought.outcome === outcome,
      ).length;
    }
    counts[`${subject}.think.names_target`] = thoughts.filter(
      (thought) => thought.subject === subject && thought.namesTarget === true,
    ).length;
  }
  return counts;
}

export const program: RunnerProgram = programOf(think);
