/** The tags that models put around their thoughts: Qwen, DeepSeek, Magistral and their like. */
const OPENING = /<\s*think(?:ing)?\s*>|\[THINK\]/giu;
const CLOSING = /<\s*\/\s*think(?:ing)?\s*>|\[\/THINK\]/giu;

/**
 * What a model says after its thoughts: the text behind the last closing tag (a server may have
 * taken the opening one away), the whole text where there is no tag; null where the thoughts do not
 * end, for then nothing has been said yet.
 */
export function withoutReasoning(text: string): string | null {
  const closed = [...text.matchAll(CLOSING)].at(-1);
  const rest = closed === undefined ? text : text.slice(closed.index + closed[0].length);
  return rest.search(OPENING) >= 0 ? null : rest;
}
