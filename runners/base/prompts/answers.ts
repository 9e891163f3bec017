import type { Result } from "../../../src/base/result.js";
import { err, ok } from "../../../src/base/result.js";
import { withoutReasoning } from "../chat/reasoning.js";

/** What a text of knowledge is about. */
export type Subject = "user" | "item";
/** The tag word of a kind of item, `Movie` or `Book` (prompts/words.yaml). */
export type Tag = string;

/** A teacher's answer to think or refine. */
export interface Verdict {
  readonly knowledge: string;
  /** True: will like the target. */
  readonly likes: boolean;
}

/** A judge's answer, the teacher's or the reflector's. */
export interface Judgement {
  readonly reasonable: boolean;
  /** Empty if the knowledge was judged reasonable. */
  readonly reflection: string;
}

/**
 * Why an answer could not be read. The list is closed, so that a stage can count answers by reason.
 */
export type Unreadable =
  | "thoughts alone"
  | "no knowledge"
  | "empty knowledge"
  | "no verdict"
  | "verdict is neither"
  | "no judgement"
  | "judgement is neither"
  | "no reflection"
  | "tag repeated";

/**
 * Reads an answer to a teacher's think or refine prompt. Total: every text gives a verdict or a
 * reason. Strict: each tag exactly once, and the verdict one of the two sentences asked for. What does
 * not count: letter case, white space, quotes, Markdown and full stops (docs/knowledge.md has the table).
 */
export function parseVerdict(
  answer: string,
  subject: Subject,
  tag: Tag,
): Result<Verdict, Unreadable> {
  const text = withoutReasoning(answer);
  if (text === null) return err("thoughts alone");
  const knowledge = onlyBlock(text, knowledgeTag(subject, tag), "no knowledge");
  if (!knowledge.ok) return knowledge;
  if (knowledge.value === "") return err("empty knowledge");
  const verdict = onlyBlock(text, "Final Verdict", "no verdict");
  if (!verdict.ok) return verdict;
  const sentence = /^(?:the )?(?:target )?user will (not )?like the target \w+$/u.exec(
    plainSentence(verdict.value),
  );
  if (sentence === null) return err("verdict is neither");
  return ok({ knowledge: knowledge.value, likes: sentence[1] === undefined });
}

/**
 * Reads an answer to a reflect prompt, in either form. An unreasonable judgement needs a
 * reflection; a reasonable one may leave the tag out or fill it with nothing.
 */
export function parseJudgement(answer: string): Result<Judgement, Unreadable> {
  const text = withoutReasoning(answer);
  if (text === null) return err("thoughts alone");
  const judgement = onlyBlock(text, "Final Judgement", "no judgement");
  if (!judgement.ok) return judgement;
  const sentence = /^the (?:user preference|\w+ knowledge) is (not )?reasonable$/u.exec(
    plainSentence(judgement.value),
  );
  if (sentence === null) return err("judgement is neither");
  const reflection = onlyBlock(text, "Reflection", "no reflection");
  if (sentence[1] === undefined) return ok({ reasonable: true, reflection: "" });
  if (!reflection.ok) return reflection;
  if (reflection.value === "") return err("no reflection");
  return ok({ reasonable: false, reflection: reflection.value });
}

/** Writes a judgement in the form that {@link parseJudgement} reads: what a reflector learns. */
export function formatJudgement(judgement: Judgement, subject: Subject, tag: Tag): string {
  const what = subject === "user" ? "user preference" : `${tag.toLowerCase()} knowledge`;
  const sentence = `the ${what} is ${judgement.reasonable ? "reasonable" : "not reasonable"}`;
  return `<Final Judgement>${sentence}</Final Judgement>\n<Reflection>${judgement.reflection}</Reflection>`;
}

/** The tag that knowledge about a subject stands in: `User Preference`, `Movie Knowledge`. */
export const knowledgeTag = (subject: Subject, tag: Tag): string =>
  subject === "user" ? "User Preference" : `${tag} Knowledge`;

/**
 * The knowledge in a student's answer: the text in its tags where a model wrote them all the same,
 * else the whole answer, trimmed. Empty where there is none.
 */
export function studentKnowledge(answer: string, subject: Subject, tag: Tag): string {
  const text = withoutReasoning(answer) ?? "";
  const block = onlyBlock(text, knowledgeTag(subject, tag), "no knowledge");
  return block.ok ? block.value : text.trim();
}

/** The text between the only opening and the only closing tag of a name. */
function onlyBlock(text: string, tag: string, missing: Unreadable): Result<string, Unreadable> {
  const { open, close } = tagsOf(tag);
  const opening = [...text.matchAll(open)];
  const start = opening[0] === undefined ? -1 : opening[0].index + opening[0][0].length;
  const closing = start < 0 ? [] : [...text.matchAll(close)];
  const end = closing.find(({ index }) => index >= start)?.index ?? -1;
  if (end < 0) return err(missing);
  if (opening.length > 1 || closing.length > 1) return err("tag repeated");
  return ok(text.slice(start, end).trim());
}

const knownTags = new Map<string, { readonly open: RegExp; readonly close: RegExp }>();

/**
 * Expressions for a tag in the forms that models write it in: any letter case, blanks, underscores or
 * hyphens between its words, the same marks of Markdown before and behind it.
 */
function tagsOf(tag: string): { readonly open: RegExp; readonly close: RegExp } {
  let known = knownTags.get(tag);
  if (known === undefined) {
    const name = tag
      .split(" ")
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"))
      .join("[\\s_-]+");
    const form = (slash: string) => `<\\s*${slash}${name}\\s*>`;
    const marked = (slash: string) =>
      new RegExp(`(\\*{1,3}|_{1,3}|\`{1,3})${form(slash)}\\1|${form(slash)}`, "giu");
    known = { open: marked(""), close: marked("/\\s*") };
    knownTags.set(tag, known);
  }
  return known;
}

/**
 * A sentence in small letters, without what may stand around it (quotes, brackets, full stops,
 * exclamation marks, Markdown) and without quotes and emphasis within it. Brackets within it stay:
 * "will [not] like" says neither.
 */
const plainSentence = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/["'“”‘’«»「」『』*_`]/gu, " ")
    .replace(/^[\s[({#>-]+|[\s\])}.。…!]+$/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
