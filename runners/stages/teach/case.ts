import type { About, Subject, Target } from "../../base/prompts/index.js";

/** What the teacher is asked about: a user or an item, with the target in sight. */
export interface Case {
  readonly subject: Subject;
  /** User and item of the target's interaction. */
  readonly user: number;
  readonly item: number;
  /** The true label. */
  readonly likes: boolean;
}

export const SUBJECTS: readonly Subject[] = ["user", "item"];

/** The subject's number and kind. */
export const aboutOf = ({ subject, user, item }: Case): About => ({
  subject,
  index: subject === "user" ? user : item,
});

/** The target of a case. */
export const targetOf = ({ user, item, likes }: Case): Target => ({ user, item, likes });
