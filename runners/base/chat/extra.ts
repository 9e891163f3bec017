import type { Finding } from "../../../src/base/diagnostic.js";
import type { Json, JsonObject } from "../../../src/base/json.js";

/** What decides the fields of a request, beside model and prompt. */
export interface RequestOptions {
  readonly temperature: number;
  readonly maxTokens: number;
  /** Further fields of the request body; null leaves a field out. */
  readonly extra: JsonObject;
}

/** Fields that hold how long an answer may be. */
const ROOMS = ["max_tokens", "max_completion_tokens"] as const;

/** Fields that are r4ec's own. */
const RESERVED = ["model", "messages", "stream", "n", "prompt", "input"] as const;

/** The description of a setting `extra`, for schemas. */
export const EXTRA =
  "Further fields of the request body, such as top_p, seed or chat_template_kwargs; null leaves a field out that r4ec would send. For reasoning models at OpenAI: {temperature: null, max_tokens: null, max_completion_tokens: 4096}.";

/**
 * Fields of a request: temperature, the longest answer, and what `extra` adds, replaces or, with
 * null, leaves out.
 *
 * @param room how many times its usual length an answer may have
 */
export function requestOptions(options: RequestOptions, room: number): JsonObject {
  const fields: { [name: string]: Json } = {
    temperature: options.temperature,
    max_tokens: options.maxTokens,
    ...options.extra,
  };
  for (const [name, value] of Object.entries(fields)) if (value === null) delete fields[name];
  for (const name of ROOMS) {
    const tokens = fields[name];
    if (typeof tokens === "number") fields[name] = tokens * room;
  }
  return fields;
}

/** The most tokens that an answer may have, as far as the request says it. */
export function longestAnswer({ maxTokens, extra }: Omit<RequestOptions, "temperature">): number {
  const given = ROOMS.map((name) => extra[name]).filter((value) => typeof value === "number");
  return given.length > 0 ? Math.max(...given) : maxTokens;
}

/**
 * A mistake for each field of a setting `extra` that is r4ec's to set.
 *
 * @param where dotted path of the setting
 */
export const checkExtra = (extra: JsonObject | undefined, where: string): readonly Finding[] =>
  Object.keys(extra ?? {})
    .filter((name) => (RESERVED as readonly string[]).includes(name))
    .map((name) => ({
      severity: "error",
      message: `${name} is set by r4ec; leave it out`,
      path: `${where}.${name}`,
    }));
