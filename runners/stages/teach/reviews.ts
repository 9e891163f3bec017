import type { Case } from "./case.js";
import { SUBJECTS } from "./case.js";
import type { Thought } from "./thoughts.js";

/** What became of a wrong thought: a line of teach-review's `answers.jsonl`. */
export interface Review extends Case {
  /** The knowledge whose verdict was wrong. */
  readonly knowledge: string;
  /** What the teacher said of it; missing before it is asked. */
  readonly judgement?: "not reasonable" | "reasonable" | "unreadable" | "refused";
  readonly reflection?: string;
  /** True where the reflection gives the target away. */
  readonly reflectionNamesTarget?: boolean;
  /** What became of the refinement; missing where there is none. */
  readonly refinement?: "right" | "wrong" | "unreadable" | "refused";
  readonly refined?: string;
  /** True where the refined knowledge gives the target away. */
  readonly namesTarget?: boolean;
}

/**
 * The wrong thoughts about users or items, to be reviewed. A thought that names the target can
 * become no sample, so the teacher is not paid to review it.
 */
export const reviewsOf = (thoughts: readonly Thought[], subject: Case["subject"]): Review[] =>
  thoughts
    .filter((each) => each.subject === subject)
    .filter((each) => each.outcome === "wrong" && each.namesTarget === false)
    .map(({ user, item, likes, knowledge }) => ({
      subject,
      user,
      item,
      likes,
      knowledge: knowledge!,
    }));

/** True where there is a reflection to learn from and to refine by. */
export const hasReflection = (each: Review): boolean => each.reflectionNamesTarget === false;

/** Metrics of teach-review: how many reviews came out how. */
export function countReviews(reviews: readonly Review[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const subject of SUBJECTS) {
    const own = reviews.filter((each) => each.subject === subject);
    const count = (name: string, counted: (each: Review) => boolean) => {
      counts[`${subject}.${name}`] = own.filter(counted).length;
    };
    for (const judgement of ["not reasonable", "reasonable", "unreadable", "refused"]) {
      count(`reflect.${judgement.replace(" ", "_")}`, (each) => each.judgement === judgement);
    }
    count("reflect.names_target", (each) => each.reflectionNamesTarget === true);
    count("refine.names_target", (each) => each.namesTarget === true);
    for (const refinement of ["right", "wrong", "unreadable", "refused"]) {
      count(`refine.${refinement}`, (each) => each.refinement === refinement);
    }
  }
  return counts;
}
