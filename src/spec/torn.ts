import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Problem } from "./problem.js";

/**
 * Mistakes without those that follow from another one: in braces a comma begins a new key, so that of
 * `{a: f(x,y), b: 1}` YAML reads the text `f(x` and a key `y)`. What is said is said of the text.
 */
export function withoutTorn(
  document: JsonObject,
  problems: readonly Problem[],
): readonly Problem[] {
  const places = new Map(problems.map((problem) => [JSON.stringify(problem.where), problem]));
  const told = new Map<Problem, Problem>();
  const torn = new Set<Problem>();
  for (const problem of problems) {
    const before = textBefore(document, problem.where);
    const cause = before === null ? undefined : places.get(JSON.stringify(before));
    if (cause === undefined) continue;
    torn.add(problem);
    const hint = "a comma in braces begins a new key: put a text with commas into quotes";
    told.set(cause, { ...cause, message: `${cause.message}; ${hint}` });
  }
  return problems.flatMap((problem) => (torn.has(problem) ? [] : [told.get(problem) ?? problem]));
}

/** The place of the text of which a key without a value is the end; null where there is none. */
function textBefore(document: JsonObject, where: readonly string[]): readonly string[] | null {
  const [last, ...rest] = [...where].reverse();
  const around = rest.reverse();
  const block = around.reduce<Json | undefined>(
    (value, key) => (isJsonObject(value) ? value[key] : undefined),
    document,
  );
  if (last === undefined || !isJsonObject(block) || block[last] !== null) return null;
  const keys = Object.keys(block);
  let at = keys.indexOf(last) - 1;
  while (at >= 0 && block[keys[at]!] === null) at -= 1;
  const text = at < 0 ? null : block[keys[at]!];
  return typeof text === "string" && opened(text) > 0 ? [...around, keys[at]!] : null;
}

/** How many brackets of a text are open at its end. */
const opened = (text: string): number =>
  text.replace(/[^([]/gu, "").length - text.replace(/[^)\]]/gu, "").length;
