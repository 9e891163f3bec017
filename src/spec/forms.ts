import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { follow } from "./settings.js";
import type { Validator } from "./validator.js";

/** The kinds of value a schema takes, as a message calls them. */
export function kindsOf(schema: JsonSchema, root: JsonSchema): readonly string[] {
  const followed = follow(schema, root);
  const forms = (followed["anyOf"] ?? followed["oneOf"]) as readonly JsonSchema[] | undefined;
  if (forms !== undefined) return forms.flatMap((form) => kindsOf(form, root));
  const values = (followed["enum"] ??
    (Object.hasOwn(followed, "const") ? [followed["const"]] : null)) as readonly Json[] | null;
  if (values !== null)
    return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  const type = followed["type"];
  const types = (
    Array.isArray(type) ? type : type === undefined ? [] : [type]
  ) as readonly string[];
  return types.map((one) => names[one] ?? one);
}

const names: { readonly [type: string]: string } = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  null: "null",
};

/**
 * Of the forms a value may have, the one that was meant: the only one of the value's type; among
 * mappings the one whose fixed keys (`id: small`) agree; then the one with the fewest errors.
 * Null where none is of the type, or where the forms are names of things.
 */
export function chosenForm(
  validator: Validator,
  forms: readonly string[],
  value: Json,
): string | null {
  const root = validator.schema.root;
  const fitting = forms.filter((form) => takes(follow(validator.at(form), root), value, root));
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0) return null;
  let among = fitting;
  if (isJsonObject(value)) {
    const agreeing = fitting.filter((form) =>
      agrees(follow(validator.at(form), root), value, root),
    );
    if (agreeing.length > 0) among = agreeing;
  } else if (fitting.some((form) => isNamed(follow(validator.at(form), root)))) {
    return null;
  }
  const count = (form: string): number => validator.errors(form, value).length;
  return among.reduce((best, form) => (count(form) < count(best) ? form : best));
}

const isNamed = (schema: JsonSchema): boolean =>
  schema["enum"] !== undefined || schema["const"] !== undefined;

/** Whether a schema takes values of this value's type at all. */
function takes(schema: JsonSchema, value: Json, root: JsonSchema): boolean {
  const forms = (schema["anyOf"] ?? schema["oneOf"]) as readonly JsonSchema[] | undefined;
  if (forms !== undefined) return forms.some((form) => takes(follow(form, root), value, root));
  const fixed = schema["enum"] as readonly Json[] | undefined;
  if (fixed !== undefined) return fixed.some((one) => typeOf(one) === typeOf(value));
  if (Object.hasOwn(schema, "const")) return typeOf(schema["const"]!) === typeOf(value);
  const type = schema["type"];
  if (type === undefined) return true;
  const types = (Array.isArray(type) ? type : [type]) as readonly string[];
  return types.some((one) => (one === "integer" ? "number" : one) === typeOf(value));
}

const typeOf = (value: Json): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/** Whether the fixed keys of an object's schema (const, enum) are those of the value. */
export function agrees(schema: JsonSchema, value: JsonObject, root: JsonSchema): boolean {
  const properties = (schema["properties"] ?? {}) as { [key: string]: JsonSchema };
  return Object.entries(properties).every(([key, inner]) => {
    const written = value[key];
    const property = follow(inner, root);
    if (written === undefined) return !Object.hasOwn(property, "const");
    if (Object.hasOwn(property, "const")) return property["const"] === written;
    const fixed = property["enum"] as readonly Json[] | undefined;
    return fixed === undefined || fixed.includes(written);
  });
}
