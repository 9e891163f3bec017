import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { RunnerProgram, StageTask } from "../../../src/contract/runner.js";
import { programOf } from "../../base/stage/program.js";
import { readJsonl, writeJsonl } from "../../base/files/jsonl.js";
import {
  formatJudgement,
  parseJudgement,
  parseVerdict,
  studentPrompt,
  teacherPrompt,
} from "../../base/prompts/index.js";
import type { Subject } from "../../base/prompts/index.js";
import { askTeacher } from "./ask-teacher.js";
import type { Lesson } from "./lesson.js";
import { openLesson } from "./lesson.js";
import { balance } from "./samples.js";
import { sample, writeSampleSets, type Sample } from "../../base/artifacts/samples.js";
import type { ReviewParams } from "./settings.js";
import { seededRandom } from "./targets.js";
import type { Thought } from "./think.js";
import { targetOfThought } from "./think.js";

/** What became of a wrong thought: a line of `answers.jsonl`. */
export interface Review {
  readonly subject: Thought["subject"];
  readonly user: number;
  readonly item: number;
  readonly likes: boolean;
  /** The knowledge whose verdict was wrong. */
  readonly knowledge: string;
  readonly judgement: "not reasonable" | "reasonable" | "unreadable" | "refused";
  readonly reflection?: string;
  readonly refinement?: "right" | "wrong" | "unreadable" | "refused";
  readonly refined?: string;
  /** True where the reflection gives the target away. */
  readonly reflectionNamesTarget?: boolean;
  /** True where the refined knowledge does. */
  readonly namesTarget?: boolean;
}

/** Of few prompts chance may refuse most, which takes nothing from the thoughts before. */
const LEAST = 10;

/** True where there is a reflection to learn from and to refine by. */
const isUsable = (each: Review): boolean => each.reflectionNamesTarget === false;

/** teach-review: wrong thoughts are reflected on, then refined; that makes the other two classes. */
async function review(task: StageTask): Promise<void> {
  const params = task.params as ReviewParams;
  const lesson = await openLesson(task, LEAST);
  try {
    const thoughts: Thought[] = [];
    const file = path.join(task.inputs["think"]!, "answers.jsonl");
    for await (const { value } of readJsonl(file)) thoughts.push(value as unknown as Thought);
    const reviews: Review[] = [];
    for (const subject of ["user", "item"] as const) {
      // What names the target can become no sample, so nothing is paid for it.
      const wrong = thoughts.filter(
        (each) =>
          each.subject === subject && each.outcome === "wrong" && each.namesTarget === false,
      );
      reviews.push(...(await refineAll(await reflectOn(wrong, subject, lesson), subject, lesson)));
    }
    await writeJsonl(path.join(task.out, "answers.jsonl"), reviews as unknown as JsonObject[]);
    const samples = {
      reflection: reflectionSamples(thoughts, reviews, lesson, params),
      refinement: refinementSamples(reviews, lesson),
    };
    await writeSampleSets(task.out, samples);
    const metrics = {
      ...lesson.metrics(),
      ...countReviews(reviews),
      "samples.reflection": samples.reflection.length,
      "samples.refinement": samples.refinement.length,
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

async function reflectOn(
  wrong: readonly Thought[],
  subject: Subject,
  lesson: Lesson,
): Promise<Review[]> {
  const outcomes = await askTeacher(
    wrong.map((each) =>
      teacherPrompt(lesson.maker, "reflect", each.subject, targetOfThought(each), {
        knowledge: each.knowledge!,
      }),
    ),
    parseJudgement,
    lesson.asking("reflections", lesson.guides.judgement(subject)),
  );
  return outcomes.map((outcome, index) => {
    const { subject, user, item, likes, knowledge } = wrong[index]!;
    const base = { subject, user, item, likes, knowledge: knowledge! };
    if (outcome.status !== "read") return { ...base, judgement: outcome.status };
    const { reasonable, reflection } = outcome.value;
    const judgement = reasonable ? "reasonable" : "not reasonable";
    const target = targetOfThought(wrong[index]!);
    return reasonable
      ? { ...base, judgement }
      : {
          ...base,
          judgement,
          reflection,
          reflectionNamesTarget: lesson.givesAway(reflection, subject, target),
        };
  });
}

async function refineAll(
  reviews: readonly Review[],
  subject: Subject,
  lesson: Lesson,
): Promise<Review[]> {
  const open = reviews.filter(isUsable);
  const outcomes = await askTeacher(
    open.map((each) =>
      teacherPrompt(lesson.maker, "refine", each.subject, targetOfReview(each), {
        knowledge: each.knowledge,
        reflection: each.reflection!,
      }),
    ),
    (answer) => parseVerdict(answer, subject, lesson.tag),
    lesson.asking("refinements", lesson.guides.verdict(subject)),
  );
  const refined = new Map(
    outcomes.map((outcome, index): [Review, Review] => {
      const before = open[index]!;
      if (outcome.status !== "read") return [before, { ...before, refinement: outcome.status }];
      const { knowledge, likes } = outcome.value;
      const namesTarget = lesson.givesAway(knowledge, before.subject, targetOfReview(before));
      const refinement = likes === before.likes ? "right" : "wrong";
      return [before, { ...before, refinement, refined: knowledge, namesTarget }];
    }),
  );
  return reviews.map((each) => refined.get(each) ?? each);
}

function reflectionSamples(
  thoughts: readonly Thought[],
  reviews: readonly Review[],
  lesson: Lesson,
  params: ReviewParams,
): Sample[] {
  const unreasonable = reviews.filter(isUsable);
  const reasonable = thoughts.filter((each) => each.outcome === "right" && !each.namesTarget);
  const random = seededRandom(params.prompts.seed + 2);
  const kept = balance(reasonable, unreasonable.length, params.balance, random);
  const judged = [
    ...kept.map((each) => ({ about: each, knowledge: each.knowledge!, reflection: null })),
    ...unreasonable.map((each) => ({
      about: each,
      knowledge: each.knowledge,
      reflection: each.reflection!,
    })),
  ];
  return judged.map(({ about, knowledge, reflection }) => {
    const target = { user: about.user, item: about.item, likes: about.likes };
    const index = about.subject === "user" ? about.user : about.item;
    return sample(
      studentPrompt(
        lesson.maker,
        "reflect",
        { subject: about.subject, index },
        { knowledge },
        target,
      ),
      formatJudgement(
        { reasonable: reflection === null, reflection: reflection ?? "" },
        about.subject,
        lesson.tag,
      ),
    );
  });
}

function refinementSamples(reviews: readonly Review[], lesson: Lesson): Sample[] {
  return reviews
    .filter((each) => each.refinement === "right" && each.namesTarget === false)
    .map((each) => {
      const index = each.subject === "user" ? each.user : each.item;
      const written = { knowledge: each.knowledge, reflection: each.reflection! };
      const about = { subject: each.subject, index };
      return sample(
        studentPrompt(lesson.maker, "refine", about, written, targetOfReview(each)),
        each.refined!,
      );
    });
}

const targetOfReview = (each: Review) => ({ user: each.user, item: each.item, likes: each.likes });

function countReviews(reviews: readonly Review[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const subject of ["user", "item"]) {
    const of = reviews.filter((each) => each.subject === subject);
    for (const judgement of ["not reasonable", "reasonable", "unreadable", "refused"]) {
      counts[`${subject}.reflect.${judgement.replace(" ", "_")}`] = of.filter(
        (each) => each.judgement === judgement,
      ).length;
    }
    counts[`${subject}.reflect.names_target`] = of.filter(
      (each) => each.reflectionNamesTarget === true,
    ).length;
    counts[`${subject}.refine.names_target`] = of.filter(
      (each) => each.namesTarget === true,
    ).length;
    for (const refinement of ["right", "wrong", "unreadable", "refused"]) {
      counts[`${subject}.refine.${refinement}`] = of.filter(
        (each) => each.refinement === refinement,
      ).length;
    }
  }
  return counts;
}

export const program: RunnerProgram = programOf(review);
