/** Names of the tags that models put around their thoughts: Qwen, DeepSeek, Magistral, Seed and their like. */
const NAMES = "(?:seed:)?think(?:ing)?|thoughts?|reasoning";
/** What opens thoughts: such a tag, Kimi's, OpenThinker's, and gpt-oss's channel. */
const OPENING = new RegExp(
  `<\\s*(?:${NAMES})\\s*>|\\[THINK\\]|◁think▷|<\\|begin_of_thought\\|>|<\\|channel\\|>(?:analysis|commentary)\\b`,
  "giu",
);
const CLOSING = new RegExp(
  `<\\s*\\/\\s*(?:${NAMES})\\s*>|\\[\\/THINK\\]|◁\\/think▷|<\\|end_of_thought\\|>|<\\|channel\\|>final\\s*<\\|message\\|>`,
  "giu",
);
/** The same of gpt-oss where a program has taken its special tokens away. */
const BARE = /^\s*analysis[\s\S]*?assistantfinal/u;
/** Special tokens around what is said behind such thoughts. */
const AROUND = /<\|(?:begin_of_solution|end_of_solution|return|end|im_end)\|>/gu;

/**
 * What a model says after its thoughts: the text behind the last closing tag (a server may have
 * taken the opening one away), the whole text where there is no tag; null where the thoughts do not
 * end, for then nothing has been said yet.
 */
export function withoutReasoning(text: string): string | null {
  const bare = BARE.exec(text);
  if (bare !== null) return text.slice(bare[0].length);
  const closed = [...text.matchAll(CLOSING)].at(-1);
  const rest = closed === undefined ? text : text.slice(closed.index + closed[0].length);
  if (rest.search(OPENING) >= 0) return null;
  return closed === undefined ? rest : rest.replace(AROUND, "");
}
