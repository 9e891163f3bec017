import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";

/**
 * Every text that stands for a setting in a document: in its base settings and in its sweep.
 *
 * @param paths dotted paths of the setting in its forms: `data`, `data.id`
 */
export function textsNamed(document: JsonObject, paths: readonly string[]): Set<string> {
  const names = new Set<string>();
  const take = (value: Json | undefined): void => {
    if (typeof value === "string") names.add(value);
    else if (Array.isArray(value)) for (const one of value as readonly Json[]) take(one);
  };
  /** A setting of a block, or of the blocks of a list of blocks. */
  const below = (value: Json | undefined, key: string): Json | undefined =>
    isJsonObject(value)
      ? value[key]
      : Array.isArray(value)
        ? (value as readonly Json[]).flatMap((one) => below(one, key) ?? [])
        : undefined;
  const takeAxes = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const one of value as readonly Json[]) takeAxes(one);
    if (!isJsonObject(value)) return;
    for (const path of paths) {
      const [first = "", ...more] = path.split(".");
      take(value[path]);
      take(more.reduce(below, value[first]));
    }
  };
  takeAxes(document);
  const sweep = document["sweep"];
  if (!isJsonObject(sweep)) return names;
  for (const part of ["grid", "zip", "include"]) takeAxes(sweep[part]);
  const space = isJsonObject(sweep["sample"]) ? sweep["sample"]["space"] : undefined;
  if (isJsonObject(space)) {
    const choices = Object.entries(space).map(([path, drawn]) => [path, below(drawn, "choice")]);
    takeAxes(
      Object.fromEntries(choices.filter(([, choice]) => choice !== undefined)) as JsonObject,
    );
  }
  return names;
}
