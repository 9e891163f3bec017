import { sample, type Sample } from "../../base/artifacts/samples.js";
import type { PromptMaker } from "../../base/prompts/index.js";
import { formatJudgement, studentPrompt } from "../../base/prompts/index.js";
import { aboutOf, targetOf, type Case } from "./case.js";
import { hasReflection, type Review } from "./reviews.js";

/** A judged text. */
interface Judged extends Case {
  readonly knowledge: string;
  /** What was wrong with it; missing where it is reasonable. */
  readonly reflection?: string;
}

/** What a reflector learns from: reasonable texts, and those that a reflection finds wrong. */
export function reflectionSamples(
  sound: readonly Judged[],
  reviews: readonly Review[],
  maker: PromptMaker,
): Sample[] {
  return [...sound, ...reviews.filter(hasReflection)].map((each) => {
    const { subject, knowledge, reflection } = each as Judged;
    return sample(
      studentPrompt(maker, "reflect", aboutOf(each), { knowledge }, targetOf(each)),
      formatJudgement(
        { reasonable: reflection === undefined, reflection: reflection ?? "" },
        subject,
        maker.templates.words.tag,
      ),
    );
  });
}

/** What a refining model learns from: texts whose refinement led to the right verdict. */
export const refinementSamples = (reviews: readonly Review[], maker: PromptMaker): Sample[] =>
  reviews
    .filter((each) => each.refinement === "right" && each.namesTarget === false)
    .map((each) => {
      const written = { knowledge: each.knowledge, reflection: each.reflection! };
      return sample(
        studentPrompt(maker, "refine", aboutOf(each), written, targetOf(each)),
        each.refined!,
      );
    });
