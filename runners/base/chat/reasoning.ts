/**
 * Names of the tags that models put around their thoughts: Qwen, DeepSeek, Magistral, EXAONE and their
 * like, with a prefix as Seed and LongCat have it. `<Reflection>` is none: prompts ask for it.
 */
const NAMES = "(?:[a-z]+[:_])?think(?:ing)?|thoughts?|reasoning|analysis|scratchpad";
/** What opens thoughts: such a tag, Kimi's, OpenThinker's, Command's, Gemma's, and gpt-oss's channel. */
const OPENING = new RegExp(
  `<\\s*(?:${NAMES})(?:\\s[^<>]*)?>|\\[THINK\\]|◁think▷|<\\|begin_of_thought\\|>|<\\|START_THINKING\\|>|<unused94>\\s*thought\\b|<\\|channel>\\s*thought\\b|<\\|channel\\|>(?:analysis|commentary)\\b`,
  "giu",
);
const CLOSING = new RegExp(
  `<\\s*\\/\\s*(?:${NAMES})\\s*>|\\[\\/THINK\\]|◁\\/think▷|<\\|end_of_thought\\|>|<\\|END_THINKING\\|>|<unused95>|<channel\\|>|<\\|channel\\|>final\\s*<\\|message\\|>`,
  "giu",
);
/**
 * Thoughts that begin the answer and end without a tag: gpt-oss where a program has taken its special
 * tokens away, and Granite.
 */
const BARE: readonly { readonly opening: RegExp; readonly whole: RegExp }[] = [
  {
    opening: /^\s*analysis(?=[\s\S]*assistantfinal)/u,
    whole: /^\s*analysis[\s\S]*?assistantfinal/u,
  },
  {
    opening: /^\s*here(?:['’]s| is) my thought process:/iu,
    whole: /^[\s\S]*?here(?:['’]s| is) my response:/iu,
  },
];
/** Special tokens around what is said behind such thoughts. */
const AROUND =
  /<\|(?:begin_of_solution|end_of_solution|START_RESPONSE|END_RESPONSE|START_TEXT|END_TEXT|return|end|im_end)\|>/gu;
/** A tag around all that is said behind thoughts, as Hunyuan has it. */
const WRAPPED = /^\s*<(answer|response|output)>([\s\S]*?)(?:<\/\1>\s*)?$/iu;

/**
 * What a model says after its thoughts: the text behind the last closing tag (a server may have
 * taken the opening one away), the whole text where there is no tag; null where the thoughts do not
 * end, for then nothing has been said yet.
 */
export function withoutReasoning(text: string): string | null {
  for (const { opening, whole } of BARE) {
    if (!opening.test(text)) continue;
    const thoughts = whole.exec(text);
    return thoughts === null ? null : text.slice(thoughts[0].length);
  }
  const closed = [...text.matchAll(CLOSING)].at(-1);
  const rest = closed === undefined ? text : text.slice(closed.index + closed[0].length);
  if (rest.search(OPENING) >= 0) return null;
  if (closed === undefined) return rest;
  const said = rest.replace(AROUND, "");
  return WRAPPED.exec(said)?.[2] ?? said;
}
