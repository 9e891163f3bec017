import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { err, ok, type Result } from "../base/result.js";
import { contains } from "./dotted.js";
import type { Placed, Position, Spot } from "./places.js";

/** A setting on the command line: `PATH=VALUE`, or `~PATH`, which removes one. */
export interface LineOverride {
  /** As it was given. */
  readonly argument: string;
  /** Keys from the root of the spec: `["sweep", "grid", "model.rate"]`. */
  readonly path: readonly string[];
  /** The text of the value; null: the setting is removed. */
  readonly text: string | null;
  /** Where the value begins in the argument. */
  readonly offset: number;
}

const PLACE = "command line: ";

/** What a message calls the place of an argument. */
export const placeOf = (argument: string): string => `${PLACE}${argument}`;

/** Whether the place of a message is an argument. */
export const isOnCommandLine = (file: string): boolean => file.startsWith(PLACE);

/** Blocks whose keys are themselves dotted paths or names: all that follows is one key. */
const FLAT = ["sweep.grid", "sweep.sample.space", "compare.baseline", "compare.equivalence"];

/** Reads an argument; on failure: what is wrong with it. */
export function parseOverride(argument: string): Result<LineOverride, string> {
  const removes = argument.startsWith("~");
  const body = removes ? argument.slice(1) : argument;
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const part = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^.="']*))/.exec(body.slice(at))!;
    const [whole, double, single, bare = ""] = part;
    const key = double?.replace(/\\(.)/g, "$1") ?? single?.replaceAll("''", "'") ?? bare;
    if (key.trim() === "" || key !== key.trim()) return err(formOf(argument));
    parts.push(key);
    at += whole.length;
    if (body[at] !== ".") break;
    at += 1;
  }
  const plus = /^\++/.exec(parts[0]!)?.[0];
  if (plus !== undefined) {
    const without = argument.slice(plus.length);
    return err(`a setting that the spec lacks needs no ${plus} here; write ${without}`);
  }
  if (removes) {
    if (at === body.length)
      return ok({ argument, path: joined(parts), text: null, offset: argument.length });
    return err(`~ removes a setting and takes no value; write ${argument.slice(0, 1 + at)}`);
  }
  if (body[at] !== "=") return err(formOf(argument));
  return ok({ argument, path: joined(parts), text: body.slice(at + 1), offset: at + 1 });
}

const formOf = (argument: string): string =>
  `${JSON.stringify(argument)} sets nothing; a setting on the command line is PATH=VALUE (seed=3), or ~PATH to remove one`;

function joined(parts: readonly string[]): readonly string[] {
  const whole = parts.join(".");
  const flat = FLAT.find((one) => contains(one, whole) && whole.length > one.length);
  if (flat === undefined) return parts;
  const count = flat.split(".").length;
  return [...parts.slice(0, count), parts.slice(count).join(".")];
}

/** Two arguments of which one changes what the other sets, so that their order would decide; or null. */
export function clashOf(
  overrides: readonly LineOverride[],
): readonly [LineOverride, LineOverride] | null {
  for (const [index, later] of overrides.entries()) {
    const earlier = overrides.slice(0, index).find(({ path }) => {
      const [short, long] =
        path.length < later.path.length ? [path, later.path] : [later.path, path];
      return short.every((part, at) => part === long[at]);
    });
    if (earlier !== undefined) return [earlier, later];
  }
  return null;
}

/** The value under its path, as a spec would hold it. */
export function nested(path: readonly string[], placed: Placed<Json>): Placed<JsonObject> {
  const { text } = placed.spot;
  const start: Spot = { text, offset: 0, key: 0, inside: null };
  const whole = path.reduceRight<Placed<Json>>(
    (inner, key) => ({
      value: { [key]: inner.value },
      spot: { ...start, inside: new Map([[key, { ...inner.spot, key: 0 }]]) },
    }),
    placed,
  );
  return whole as Placed<JsonObject>;
}

/** A copy without what stands at `path`; null where nothing stands there. */
export function removed(
  { value, spot }: Placed<JsonObject>,
  path: readonly string[],
): Placed<JsonObject> | null {
  const [key = "", ...rest] = path;
  const inner = Object.hasOwn(value, key) ? value[key] : undefined;
  if (inner === undefined) return null;
  const values = new Map(Object.entries(value));
  const inside = new Map(spot.inside);
  if (rest.length === 0) {
    values.delete(key);
    inside.delete(key);
  } else {
    if (!isJsonObject(inner)) return null;
    const left = removed({ value: inner, spot: inside.get(key)! }, rest);
    if (left === null) return null;
    values.set(key, left.value);
    inside.set(key, left.spot);
  }
  return { value: Object.fromEntries(values), spot: { ...spot, inside } };
}

/** The first list on the way to a place, as a path; null where there is none. */
export function listOnTheWay(value: Json, path: readonly string[]): readonly string[] | null {
  let here: Json | undefined = value;
  for (const [length, part] of path.entries()) {
    if (Array.isArray(here)) return path.slice(0, length);
    here = isJsonObject(here) && Object.hasOwn(here, part) ? here[part] : undefined;
  }
  return null;
}

/** A position in an argument. */
export const inArgument = (argument: string, offset: number): Position => {
  const lines = argument.slice(0, offset).split("\n");
  return { file: placeOf(argument), line: lines.length, column: lines.at(-1)!.length + 1 };
};
