import { isDeepStrictEqual } from "node:util";
import { resolve } from "node:path";
import { isJsonObject, type Json, type JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { Backbone } from "../toolkit/backbone.js";
import { loadBackbone } from "./index.js";

/** Modules of the user's own that a spec names, as far as they can be loaded. */
export interface OwnModules {
  /** Id by the module's path as the spec writes it. */
  readonly ids: ReadonlyMap<string, string>;
  /** Schema of the block of options by id, without ids that are ambiguous or taken. */
  readonly options: ReadonlyMap<string, JsonSchema>;
}

/** Schema of a module's options: an object that takes nothing but what it names. */
export function optionsOf({ id, options }: Backbone): JsonSchema {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const described = Object.entries(properties).map(([name, schema]) => [
    name,
    { description: `The option ${name} of ${id}.`, ...(schema as JsonObject) },
  ]);
  return {
    description: `Options of the module ${id}; other backbones ignore them.`,
    additionalProperties: false,
    ...options,
    type: "object",
    default: {},
    properties: Object.fromEntries(described) as JsonObject,
  };
}

/** The default of each option that has one. */
export function optionDefaults({ options }: Pick<Backbone, "options">): JsonObject {
  const properties = isJsonObject(options["properties"]) ? options["properties"] : {};
  const entries = Object.entries(properties).flatMap(([name, schema]) => {
    const value = isJsonObject(schema) ? schema["default"] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * The modules that a document names as backbones, in its base settings and in its sweep.
 *
 * @param isModule true for a text that is a path
 * @param taken names that mean something else in the block of the options
 */
export function ownModulesOf(
  document: JsonObject,
  place: SpecPlace,
  isModule: (backbone: string) => boolean,
  taken: ReadonlySet<string>,
): OwnModules {
  const ids = new Map<string, string>();
  const found = new Map<string, JsonSchema | null>();
  for (const name of backbonesIn(document)) {
    if (!isModule(name) || ids.has(name)) continue;
    const loaded = loadBackbone(resolve(place.folder, name));
    if (!loaded.ok) continue;
    const { id } = loaded.value;
    ids.set(name, id);
    const schema = optionsOf(loaded.value);
    const other = found.get(id);
    const ambiguous = taken.has(id) || (other !== undefined && !isDeepStrictEqual(other, schema));
    found.set(id, ambiguous ? null : schema);
  }
  const options = [...found].flatMap(([id, schema]) =>
    schema === null ? [] : [[id, schema] as const],
  );
  return { ids, options: new Map(options) };
}

/** Every text that stands for a backbone in a document. */
function backbonesIn(document: JsonObject): Set<string> {
  const names = new Set<string>();
  const take = (value: Json | undefined): void => {
    if (typeof value === "string") names.add(value);
    else if (Array.isArray(value)) for (const one of value as readonly Json[]) take(one);
  };
  const takeOf = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const one of value as readonly Json[]) takeOf(one);
    else if (isJsonObject(value)) take(value["backbone"]);
  };
  take(document["backbone"]);
  const sweep = document["sweep"];
  if (isJsonObject(sweep)) for (const part of ["grid", "zip", "include"]) takeOf(sweep[part]);
  return names;
}
