import path from "node:path";
import { AT_HOME } from "../base/home.js";
import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Science } from "../contract/science.js";
import { valueAt, withValue } from "./dotted.js";

/**
 * What a file says as a file in another folder would say it: relative paths in its settings start at
 * `to` where they started at `from`. A place in the document stays the same place.
 */
export function rebased(
  document: JsonObject,
  { from, to }: { readonly from: string; readonly to: string },
  { rebase }: Pick<Science, "rebase">,
): JsonObject {
  if (rebase === undefined || from === to) return document;
  const move = (name: string): string => {
    if (path.isAbsolute(name) || AT_HOME.test(name)) return name;
    const moved = path.relative(to, path.resolve(from, name)) || ".";
    return moved.startsWith(".") || path.isAbsolute(moved) ? moved : `./${moved}`;
  };
  const setting = (name: string, value: Json): Json =>
    valueAt(rebase(withValue({}, name, value), move), name) ?? value;
  const point = (value: Json): Json =>
    isJsonObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, setting(name, one)]))
      : value;
  const axes = (value: Json): Json =>
    isJsonObject(value)
      ? Object.fromEntries(
          Object.entries(value).map(([name, list]) => [
            name,
            Array.isArray(list) ? list.map((one: Json) => setting(name, one)) : list,
          ]),
        )
      : value;
  const sample = (value: Json): Json =>
    isJsonObject(value) && isJsonObject(value["space"])
      ? { ...value, space: spaces(value["space"]) }
      : value;
  const spaces = (space: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(space).map(([name, range]) => [
        name,
        isJsonObject(range) && Array.isArray(range["choice"])
          ? { ...range, choice: range["choice"].map((one: Json) => setting(name, one)) }
          : range,
      ]),
    );
  const each = (change: (value: Json) => Json) => (value: Json) =>
    Array.isArray(value) ? value.map(change) : value;
  const moved = withEnvironments(rebase(document, move), move);
  return within(
    within(moved, "sweep", {
      grid: axes,
      zip: each(axes),
      sample,
      include: each(point),
      exclude: each(point),
    }),
    "compare",
    { baseline: point, claims: each(point) },
  );
}

function withEnvironments(document: JsonObject, move: (name: string) => string): JsonObject {
  const { environments } = document;
  if (!isJsonObject(environments)) return document;
  const moved = Object.entries(environments).map(([part, folder]) => [
    part,
    typeof folder === "string" ? move(folder) : folder,
  ]);
  return { ...document, environments: Object.fromEntries(moved) as JsonObject };
}

/** A copy of the document in which parts of a block are changed. */
function within(
  document: JsonObject,
  key: string,
  changes: { readonly [part: string]: (value: Json) => Json },
): JsonObject {
  const block = document[key];
  if (!isJsonObject(block)) return document;
  const entries = Object.entries(block).map(([part, value]) => [
    part,
    changes[part]?.(value) ?? value,
  ]);
  return { ...document, [key]: Object.fromEntries(entries) as JsonObject };
}
