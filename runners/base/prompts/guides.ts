import type { Subject } from "./answers.js";
import { knowledgeTag } from "./answers.js";
import type { Words } from "../artifacts/domain.js";

/**
 * Regular expressions for servers that let a model write nothing else (vLLM's `guided_regex`, and
 * r4ec's own server). They hold literals, `[^<]+` for free text and `(a|b)` for a choice, and what
 * they let through is what answers.ts reads. Free text begins with the lead of words.yaml, if any.
 */
export interface Guides {
  readonly verdict: (subject: Subject) => string;
  readonly judgement: (subject: Subject) => string;
  /** The guide of a student's knowledge, which has no tags. */
  readonly knowledge: (subject: Subject) => string;
}

/** The guides of one kind of item. */
export function guidesOf(words: Words): Guides {
  const { tag, thing } = words;
  const lead = { user: words.user_lead, item: words.item_lead };
  return {
    verdict: (subject) => {
      const who = subject === "user" ? "the user" : "the target user";
      return (
        `${block(knowledgeTag(subject, tag), free(lead[subject]))}\\n` +
        block("Final Verdict", `(${who} will like|${who} will not like) the target ${thing}`)
      );
    },
    judgement: (subject) => {
      const what = subject === "user" ? "user preference" : `${thing} knowledge`;
      const reasonable = block("Final Judgement", `the ${what} is reasonable`);
      const not = block("Final Judgement", `the ${what} is not reasonable`);
      const reflection = block("Reflection", free(words.reflection_lead));
      return `(${reasonable}\\n<Reflection></Reflection>|${not}\\n${reflection})`;
    },
    knowledge: (subject) => free(lead[subject]),
  };
}

const block = (tag: string, inner: string): string => `<${tag}>${inner}</${tag}>`;

const free = (lead: string | undefined): string => `${escaped(lead ?? "")}[^<]+`;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
