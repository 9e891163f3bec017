import type { Subject, Tag } from "./answers.js";
import { knowledgeTag } from "./answers.js";

/**
 * Regular expressions for servers that let a model write nothing else (vLLM's `guided_regex`, and
 * r4ec's own server). They hold literals, `[^<]+` for free text and `(a|b)` for a choice, and what
 * they let through is what runners/prompts/answers.ts reads.
 */
export interface Guides {
  readonly verdict: (subject: Subject) => string;
  readonly judgement: (subject: Subject) => string;
}

/** The guides of one kind of item: `Movie` with `movie`. */
export const guidesOf = (tag: Tag, thing: string): Guides => ({
  verdict: (subject) => {
    const who = subject === "user" ? "the user" : "the target user";
    return (
      `${block(knowledgeTag(subject, tag), "[^<]+")}\\n` +
      block("Final Verdict", `(${who} will like|${who} will not like) the target ${thing}`)
    );
  },
  judgement: (subject) => {
    const what = subject === "user" ? "user preference" : `${thing} knowledge`;
    const reasonable = block("Final Judgement", `the ${what} is reasonable`);
    const not = block("Final Judgement", `the ${what} is not reasonable`);
    const reflection = block("Reflection", "[^<]+");
    return `(${reasonable}\\n<Reflection></Reflection>|${not}\\n${reflection})`;
  },
});

const block = (tag: string, inner: string): string => `<${tag}>${inner}</${tag}>`;
