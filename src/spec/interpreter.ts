import type * as InterpreterPackage from "@cfworker/json-schema";
import { isJsonObject, type Json } from "../base/json.js";
import { lazily } from "../base/lazily.js";
import type { JsonSchema } from "../contract/science.js";

const interpreterPackage = lazily<typeof InterpreterPackage>("@cfworker/json-schema");

/**
 * Values are looked at without compiling while they have so many settings in all, a value itself counted as
 * one; past that, compiled code saves more than it costs.
 */
const MOST_SETTINGS = 6000;

/** Keywords that the interpreter reads as ajv does: a test compares the two. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...["$schema", "$defs", "$ref", "title", "description", "default", "type", "enum", "const"],
  ...["properties", "patternProperties", "additionalProperties", "required"],
  ...["minProperties", "maxProperties", "items", "minItems", "maxItems", "uniqueItems"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  ...["pattern", "minLength", "maxLength", "anyOf", "oneOf", "allOf", "not", "if", "then", "else"],
]);

type Places = ReturnType<typeof InterpreterPackage.dereference>;

/**
 * Looks whether values fit a schema without compiling it first, which is the quicker way for the few values
 * of one spec. Its yes counts. Its no may mean that it was not able to tell.
 */
export class Interpreter {
  /** Each part of the schemas by its address; null: a schema has keywords that are not known here. */
  #places: Places | null | undefined;
  #settings = 0;

  /** `schemas` by the beginning of their pointers: `spec` for `spec#/...`. */
  constructor(private readonly schemas: { readonly [name: string]: JsonSchema }) {}

  /** Whether a value is seen to fit the schema at a pointer (`spec#/...`). */
  accepts(pointer: string, value: Json): boolean {
    this.#settings += 1 + (isJsonObject(value) ? Object.keys(value).length : 0);
    if (this.#settings > MOST_SETTINGS) return false;
    const places = (this.#places ??= this.#read());
    const schema = places?.[addressOf(pointer)];
    if (schema === undefined) return false;
    return interpreterPackage().validate(value, schema, "2020-12", places!, true).valid;
  }

  #read(): Places | null {
    const places: Places = {};
    for (const [name, schema] of Object.entries(this.schemas)) {
      interpreterPackage().dereference(schema as object, places, new URL(addressOf(name)));
    }
    const known = Object.values(places).every(
      (part) => typeof part === "boolean" || Object.keys(part).every((key) => KEYWORDS.has(key)),
    );
    return known ? places : null;
  }
}

/** A pointer as the interpreter names places: nothing is at these addresses. */
const addressOf = (pointer: string): string => `schema:${pointer.replace(/#$/, "")}`;
