import type { StageTask } from "../../../src/contract/runner.js";
import { teacherPrompt } from "../../base/prompts/index.js";
import { askTeacher } from "./ask-teacher.js";
import { balance } from "./balance.js";
import { SUBJECTS, targetOf } from "./case.js";
import { givesAway } from "./leak.js";
import { openLesson } from "./lesson.js";
import { publishLesson } from "./publish.js";
import { reflectionSamples, refinementSamples } from "./review-samples.js";
import { REVIEW_STEPS } from "./review-steps.js";
import { countReviews, hasReflection, reviewsOf, type Review } from "./reviews.js";
import type { ReviewParams, TeachExecution } from "./settings.js";
import { isSound, readThoughts } from "./thoughts.js";

/** Of few prompts chance may refuse most, which takes nothing from the thoughts before. */
const LEAST = 10;

/** teach-review: wrong thoughts are reflected on, then refined; that makes the other two classes. */
export async function review(task: StageTask<ReviewParams, TeachExecution>): Promise<void> {
  const { params } = task;
  const lesson = await openLesson(task, LEAST);
  const { maker, tag } = lesson;
  try {
    const thoughts = await readThoughts(task.inputs["think"]!);
    const reviews: Review[] = [];
    for (const subject of SUBJECTS) {
      const own = reviewsOf(thoughts, subject);
      for (const step of REVIEW_STEPS) {
        const open = [...own.keys()].filter((index) => step.isOpen(own[index]!));
        const taught = await askTeacher(
          open.map((index) => {
            const about = own[index]!;
            return teacherPrompt(maker, step.name, subject, targetOf(about), step.written(about));
          }),
          (answer, place) => {
            const about = own[open[place]!]!;
            return step.read(answer, about, tag, (text) => givesAway(text, about, maker));
          },
          lesson.asking(step.unit, step.guide(lesson.guides, subject)),
        );
        taught.forEach((each, place) => {
          const index = open[place]!;
          const news = each.status === "read" ? each.value : { [step.outcome]: each.status };
          own[index] = { ...own[index]!, ...news };
        });
      }
      reviews.push(...own);
    }
    const sound = balance(
      thoughts.filter(isSound).map((thought) => ({ ...thought, knowledge: thought.knowledge! })),
      reviews.filter(hasReflection).length,
      params.balance,
      params.prompts.seed + 2,
    );
    const samples = {
      reflection: reflectionSamples(sound, reviews, maker),
      refinement: refinementSamples(reviews, maker),
    };
    await publishLesson(task, lesson, reviews, samples, countReviews(reviews));
  } finally {
    await lesson.close();
  }
}
