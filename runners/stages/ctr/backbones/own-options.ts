import { isDeepStrictEqual } from "node:util";
import { resolve } from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { textsNamed } from "../../../base/modules/named.js";
import { optionsOf } from "../../../base/modules/options.js";
import { loadBackbone } from "./index.js";

/** Modules of the user's own that a spec names, as far as they can be loaded. */
export interface OwnModules {
  /** Id by the module's path as the spec writes it. */
  readonly ids: ReadonlyMap<string, string>;
  /** Schema of the block of options by id, without ids that are ambiguous or taken. */
  readonly options: ReadonlyMap<string, JsonSchema>;
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
  for (const name of textsNamed(document, ["backbone"])) {
    if (!isModule(name) || ids.has(name)) continue;
    const loaded = loadBackbone(resolve(place.folder, name));
    if (!loaded.ok) continue;
    const { id } = loaded.value;
    ids.set(name, id);
    const schema = optionsOf(
      loaded.value,
      `Options of the module ${id}; other backbones ignore them.`,
    );
    const other = found.get(id);
    const ambiguous = taken.has(id) || (other !== undefined && !isDeepStrictEqual(other, schema));
    found.set(id, ambiguous ? null : schema);
  }
  const options = [...found].flatMap(([id, schema]) =>
    schema === null ? [] : [[id, schema] as const],
  );
  return { ids, options: new Map(options) };
}
