import path from "node:path";
import { readOwnJsonl } from "../../base/files/jsonl.js";
import type { Verdict } from "../../base/prompts/index.js";
import type { Taught } from "./ask-teacher.js";
import type { Case } from "./case.js";
import { SUBJECTS } from "./case.js";

/** What the teacher thought of one case: a line of teach-think's `answers.jsonl`. */
export interface Thought extends Case {
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

/** Compares the teacher's verdict on a case with the true label. */
export function thoughtOf(
  about: Case,
  taught: Taught<Verdict>,
  givesAway: (text: string) => boolean,
): Thought {
  if (taught.status === "refused") {
    return { ...about, outcome: "refused", reason: taught.without.why };
  }
  if (taught.status === "unreadable") {
    return { ...about, outcome: "unreadable", reason: taught.reason, answer: taught.answer };
  }
  const { knowledge, likes } = taught.value;
  return {
    ...about,
    outcome: likes === about.likes ? "right" : "wrong",
    knowledge,
    namesTarget: givesAway(knowledge),
    answer: taught.answer,
  };
}

/** True where a thought may become a sample: its verdict is right, and it hides the target. */
export const isSound = (thought: Thought): boolean =>
  thought.outcome === "right" && thought.namesTarget !== true;

/** Reads the thoughts of a teach-think artifact. */
export const readThoughts = (folder: string): Promise<Thought[]> =>
  readOwnJsonl<Thought>(path.join(folder, "answers.jsonl"));

/** Metrics of teach-think: how many thoughts came out how. */
export function countThoughts(thoughts: readonly Thought[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const subject of SUBJECTS) {
    const own = thoughts.filter((thought) => thought.subject === subject);
    const count = (name: string, counted: (thought: Thought) => boolean) => {
      counts[`${subject}.think.${name}`] = own.filter(counted).length;
    };
    for (const outcome of ["right", "wrong", "unreadable", "refused"]) {
      count(outcome, (thought) => thought.outcome === outcome);
    }
    count("names_target", (thought) => thought.namesTarget === true);
  }
  return counts;
}
