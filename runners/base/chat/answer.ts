import { withoutReasoning } from "./reasoning.js";

/**
 * Why a prompt got no text. A closed list: stages count prompts by it, as `without.refused` and so on.
 */
export type NoText =
  /** The endpoint refused the prompt (400, 413, 422): too long, or in another way not taken. */
  | "refused"
  /** A filter of contents stopped the prompt or the answer. */
  | "filtered"
  /** The model declined (`refusal`). */
  | "declined"
  /** An error object in place of an answer, also when asked again. */
  | "error"
  /** Thoughts alone, or thoughts that do not end. */
  | "reasoning"
  /** Cut at its longest before a text began. */
  | "cut"
  /** Nothing, or white space. */
  | "empty";

/** A prompt that got no text: why, and the endpoint's or the model's own words, which may be empty. */
export interface Without {
  readonly why: NoText;
  readonly words: string;
}

/** What an answer says. */
export type Said =
  | { readonly text: string; readonly cut: boolean }
  | (Without & { readonly text: null; readonly cut: boolean });

/** One answer of a chat endpoint, read. */
export interface Reading {
  /** The content as it came, thoughts included; empty where there is none. */
  readonly raw: string;
  readonly said: Said;
}

/**
 * Reads a choice of a chat completion, whatever its shape: a text, a list of parts, no content, a
 * refusal, thoughts in a field of their own, a text that was cut. Null where it is no choice at all.
 */
export function readChoice(choice: unknown): Reading | null {
  if (!isObject(choice)) return null;
  const { message, finish_reason: finish } = choice;
  const cut = typeof finish === "string" && /^(length|max_?tokens)$/iu.test(finish);
  if (!isObject(message)) {
    // What older servers answer with, which complete a text.
    return typeof choice["text"] === "string" ? readRaw(choice["text"], cut) : null;
  }
  const raw = contentOf(message["content"]);
  const read = readRaw(raw, cut);
  if (read.said.text !== null) return read;
  const without = (why: NoText, words = ""): Reading => ({
    raw,
    said: { text: null, why, words, cut },
  });
  const refusal = message["refusal"] ?? refusalIn(message["content"]);
  if (typeof refusal === "string" && refusal !== "") return without("declined", refusal);
  if (finish === "content_filter") return without("filtered");
  const thoughts = message["reasoning_content"] ?? message["reasoning"];
  const thinks = (typeof thoughts === "string" && thoughts !== "") || hasThoughts(message);
  return thinks && !cut ? without("reasoning") : read;
}

/**
 * What a kept answer says: the text behind the thoughts, or why there is none.
 *
 * @param cut true where it was cut at its longest
 */
export function readText(raw: string, cut: boolean): Said {
  const text = withoutReasoning(raw)?.trim();
  if (text !== undefined && text !== "") return { text, cut };
  const why = cut ? "cut" : text === undefined || raw.trim() !== "" ? "reasoning" : "empty";
  return { text: null, why, words: "", cut };
}

const readRaw = (raw: string, cut: boolean): Reading => ({ raw, said: readText(raw, cut) });

/** The texts of a content, which is a text or a list of parts. */
function contentOf(content: unknown): string {
  if (typeof content === "string") return content;
  return partsOf(content)
    .filter(({ type }) => type === undefined || type === "text" || type === "output_text")
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("");
}

const refusalIn = (content: unknown): unknown =>
  partsOf(content).find(({ type }) => type === "refusal")?.["refusal"];

const hasThoughts = ({ content }: Fields): boolean =>
  partsOf(content).some(({ type }) => type === "thinking" || type === "reasoning");

const partsOf = (content: unknown): readonly Fields[] =>
  Array.isArray(content)
    ? content.map((part: unknown) => (isObject(part) ? part : { text: part }))
    : isObject(content)
      ? [content]
      : [];

type Fields = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
