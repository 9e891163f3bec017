import type { Result } from "../../../src/base/result.js";
import type { Guides, Subject, Tag, Unreadable, Written } from "../../base/prompts/index.js";
import { parseJudgement, parseVerdict } from "../../base/prompts/index.js";
import { hasReflection, type Review } from "./reviews.js";

/** A question that the teacher is asked about wrong thoughts. */
export interface ReviewStep {
  /** The middle of the template's name. */
  readonly name: "reflect" | "refine";
  /** What progress counts. */
  readonly unit: string;
  /** The field of a review that says what became of the question. */
  readonly outcome: "judgement" | "refinement";
  /** True where there is something to ask about a review. */
  isOpen(review: Review): boolean;
  /** What is shown of the review. */
  written(review: Review): Written;
  guide(guides: Guides, subject: Subject): string;
  /**
   * What an answer adds to a review, or why it cannot be read.
   *
   * @param leaks true where a text gives the target away
   */
  read(
    answer: string,
    review: Review,
    tag: Tag,
    leaks: (text: string) => boolean,
  ): Result<Partial<Review>, Unreadable>;
}

const reflect: ReviewStep = {
  name: "reflect",
  unit: "reflections",
  outcome: "judgement",
  isOpen: () => true,
  written: ({ knowledge }) => ({ knowledge }),
  guide: (guides, subject) => guides.judgement(subject),
  read(answer, _review, _tag, leaks) {
    const read = parseJudgement(answer);
    if (!read.ok) return read;
    const { reasonable, reflection } = read.value;
    const value: Partial<Review> = reasonable
      ? { judgement: "reasonable" }
      : {
          judgement: "not reasonable",
          reflection,
          reflectionNamesTarget: leaks(reflection),
        };
    return { ok: true, value };
  },
};

const refine: ReviewStep = {
  name: "refine",
  unit: "refinements",
  outcome: "refinement",
  isOpen: hasReflection,
  written: ({ knowledge, reflection }) => ({ knowledge, reflection: reflection! }),
  guide: (guides, subject) => guides.verdict(subject),
  read(answer, review, tag, leaks) {
    const read = parseVerdict(answer, review.subject, tag);
    if (!read.ok) return read;
    const { knowledge, likes } = read.value;
    const refinement = likes === review.likes ? "right" : "wrong";
    return { ok: true, value: { refinement, refined: knowledge, namesTarget: leaks(knowledge) } };
  },
};

/** The questions in their order. */
export const REVIEW_STEPS: readonly ReviewStep[] = [reflect, refine];
