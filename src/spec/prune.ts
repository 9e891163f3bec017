import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { omit } from "./dotted.js";
import type { Problem } from "./problem.js";

/**
 * The document without what is wrong in it, so that the rest can be checked further. A setting goes
 * as a whole; in a sweep, the whole axis, zip group or entry goes. List entries become null, which
 * keeps the places of the others.
 */
export function prune(document: JsonObject, problems: readonly Problem[]): JsonObject {
  return problems.reduce((pruned, { where }) => {
    const path = cut(document, where);
    return path.length === 0 ? pruned : (without(pruned, path) as JsonObject);
  }, document);
}

/** The part of `where` that is taken out. */
function cut(document: JsonObject, where: readonly string[]): readonly string[] {
  if (where[0] === "sweep") return where.slice(0, where[1] === "sample" ? 4 : 3);
  if (where[0] === "select" || where[0] === "compare") return where.slice(0, 1);
  // Nothing inside a list is taken out alone.
  let value: Json | undefined = document;
  for (const [length, part] of where.entries()) {
    if (Array.isArray(value)) return where.slice(0, length);
    value = isJsonObject(value) ? value[part] : undefined;
  }
  return where;
}

function without(value: Json | undefined, path: readonly string[]): Json | undefined {
  const [head, ...rest] = path;
  if (head === undefined || value === undefined) return undefined;
  if (Array.isArray(value)) {
    const index = Number(head);
    return (value as readonly Json[]).map((item, at) =>
      at === index ? ((rest.length === 0 ? null : without(item, rest)) ?? null) : item,
    );
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, head)) return value;
  const inner = rest.length === 0 ? undefined : without(value[head], rest);
  return inner === undefined ? omit(value, head) : { ...value, [head]: inner };
}
