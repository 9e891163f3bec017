import { mistakesOfBlock } from "./mistakes.js";
import type { Json, JsonObject } from "../base/json.js";
import type { JsonSchema, Science } from "../contract/science.js";
import { defaultOf, withDefaults } from "./defaults.js";
import { valueAt, withValue } from "./dotted.js";
import type { Problem } from "./problem.js";
import type { Validator } from "./validator.js";

/** A top-level block of a cell, normalised; undefined where the spec lacks it and it has no default. */
export interface Block {
  readonly value: Json | undefined;
  /** What is wrong with it. */
  readonly problems: readonly Problem[];
}

/** A setting that is replaced. */
export interface Override {
  readonly path: string;
  readonly value: Json;
}

/** Turns what a spec says into normalised settings: shorthand expanded, defaults filled in. */
export class Normaliser {
  constructor(
    private readonly science: Pick<Science, "fragments" | "expand">,
    private readonly validator: Validator,
  ) {}

  /** The block under `key`, from its base value with some settings of it replaced. */
  block(key: string, base: Json | undefined, overrides: readonly Override[]): Block {
    const root = this.validator.schema.root;
    const schema = (root["properties"] as { [key: string]: JsonSchema })[key]!;
    let value = base;
    if (overrides.length > 0) {
      const before = value === undefined ? {} : { [key]: this.#expand(key, value) };
      const after = overrides.reduce<JsonObject>(
        (settings, { path, value: replaced }) => withValue(settings, path, replaced),
        before,
      );
      value = after[key];
    }
    value ??= defaultOf(schema, root);
    if (value === undefined && this.validator.fits(`#/properties/${key}`, {})) value = {};
    if (value === undefined) {
      const about = String(schema["description"] ?? "");
      const message = `${key} is missing${about === "" ? "" : `: ${about}`}`;
      return { value, problems: [{ where: [key], at: "key", message, missing: key }] };
    }
    value = this.#expand(key, value);
    value = this.#expand(key, withDefaults(schema, value, root));
    // What no axis touches has been checked where it stands in the document.
    return {
      value,
      problems: overrides.length === 0 ? [] : mistakesOfBlock(this.validator, key, value),
    };
  }

  /** The value of a setting with its shorthand expanded, defaults left out. */
  setting(path: string, value: Json): Json {
    const key = path.split(".")[0]!;
    const settings = withValue({}, path, value);
    return valueAt({ [key]: this.#expand(key, settings[key]!) }, path) ?? value;
  }

  #expand(key: string, value: Json): Json {
    if (!Object.hasOwn(this.science.fragments, key)) return value;
    return this.science.expand({ [key]: value })[key] ?? value;
  }
}
