import { likeAboveOf } from "../artifacts/shown-ratings.js";
import type { Subject } from "./answers.js";
import type { PromptData, Target } from "./histories.js";
import { renderHistory, titleOf } from "./histories.js";
import type { RaterChoice, Raters } from "./raters.js";
import type { Step, Templates } from "./templates.js";

/** The user or item that one prompt is about. */
export interface About {
  readonly subject: Subject;
  /** The user's or the item's number. */
  readonly index: number;
}

/** What has been written about the subject so far. */
export interface Written {
  /** The knowledge to judge or to rewrite. */
  readonly knowledge: string;
  /** What the judge said; refine needs it. */
  readonly reflection?: string;
}

/** Everything that prompts are made of. */
export interface PromptMaker {
  readonly data: PromptData;
  readonly templates: Templates;
  readonly raters: RaterChoice;
  /** `knowledge.history`: interactions shown of a user, 10 at most. */
  readonly history: number;
}

/**
 * The prompt that a fine-tuned model is asked, with no target in it. For a teacher's sample the
 * target is still given, so that the raters shown are those of the teacher's form.
 *
 * @param written null for think; the text so far for reflect and refine
 */
export function studentPrompt(
  maker: PromptMaker,
  step: Step,
  about: About,
  written: Written | null,
  target: Target | null = null,
): string {
  return maker.templates.render(`${about.subject}-${step}.student`, {
    ...subjectValues(maker, about, target),
    ...writtenValues(step, written),
  });
}

/** The teacher's prompt. It shows the target, but not the target's rating. */
export function teacherPrompt(
  maker: PromptMaker,
  step: Step,
  subject: Subject,
  target: Target,
  written: Written | null,
): string {
  const about: About = { subject, index: subject === "user" ? target.user : target.item };
  const targetValues =
    subject === "user"
      ? { target_title: titleOf(maker.data, target.item) }
      : { target_history: renderHistory(maker.data, target.user, maker.history) };
  return maker.templates.render(`${subject}-${step}.teacher`, {
    ...subjectValues(maker, about, target),
    ...targetValues,
    ...writtenValues(step, written),
  });
}

function subjectValues(
  maker: PromptMaker,
  about: About,
  target: Target | null,
): { readonly [name: string]: string } {
  const like_above = String(likeAboveOf(maker.data));
  if (about.subject === "user") {
    return { like_above, history: renderHistory(maker.data, about.index, maker.history) };
  }
  const raters = maker.raters.of(about.index, target?.user ?? null);
  return {
    like_above,
    title: titleOf(maker.data, about.index),
    ...raterValues(maker, raters),
  };
}

function raterValues(maker: PromptMaker, raters: Raters) {
  const show = (user: number | null, who: string) =>
    user === null
      ? `(nobody who ${who} this ${maker.templates.words.thing} is known)`
      : renderHistory(maker.data, user, maker.history);
  return {
    liking_history: show(raters.liker, "liked"),
    disliking_history: show(raters.disliker, "disliked"),
  };
}

function writtenValues(step: Step, written: Written | null): { readonly [name: string]: string } {
  if (step === "think") return {};
  if (written === null) throw new Error(`${step} needs the text it is about`);
  return { knowledge: written.knowledge, reflection: written.reflection ?? "" };
}
