import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { aboutTheSweep } from "./engine-fragments.js";
import { chosenForm, kindsOf } from "./forms.js";
import { labelOf, type Problem, settingAt, shown } from "./problem.js";
import { didYouMean } from "./suggest.js";
import type { SchemaError, Validator } from "./validator.js";

/** Everything wrong with a whole spec. Only the blocks that it has are compiled. */
export function mistakesOfSpec(validator: Validator, document: JsonObject): readonly Problem[] {
  const keys = Object.keys(validator.schema.root["properties"] as JsonObject);
  return [
    ...mistakesOf(validator, "outline#", document, []),
    ...keys
      .filter((key) => Object.hasOwn(document, key))
      .flatMap((key) => mistakesOfBlock(validator, key, document[key]!)),
  ];
}

/** Everything wrong with a top-level block. */
export function mistakesOfBlock(
  validator: Validator,
  key: string,
  value: Json,
): readonly Problem[] {
  const pointer = `#/properties/${key}`;
  return validator.fits(pointer, value) ? [] : mistakesOf(validator, pointer, value, [key]);
}

/**
 * What is wrong with `value`, in plain words. Of several forms a value may have (`anyOf`), only the
 * form that was probably meant is spoken of.
 */
export function mistakesOf(
  validator: Validator,
  pointer: string,
  value: Json,
  where: readonly string[],
): readonly Problem[] {
  const errors = [...validator.errors(pointer, value)];
  const problems: Problem[] = [];
  // Outer forms first: choosing one of them settles what lies inside.
  for (;;) {
    const choice = errors
      .filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf")
      .sort((a, b) => a.instancePath.length - b.instancePath.length)[0];
    if (choice === undefined) break;
    const forms = (choice.schema as readonly JsonSchema[]).map((form) => validator.pointerTo(form));
    forget(errors, choice);
    for (const form of forms) {
      for (const error of validator.errors(form, choice.data)) forget(errors, error, choice);
    }
    const place = [...where, ...segments(choice.instancePath)];
    const chosen = chosenForm(validator, forms, choice.data);
    if (chosen === null) problems.push(noForm(validator, forms, choice, place));
    else problems.push(...mistakesOf(validator, chosen, choice.data, place));
  }
  for (const error of errors) {
    const problem = problemOf(validator, error, where);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

const segments = (instancePath: string): string[] =>
  instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** Removes one error equal to `error`, whose instance path may be relative to that of `base`. */
function forget(errors: SchemaError[], error: SchemaError, base?: SchemaError): void {
  const path = base === undefined ? error.instancePath : base.instancePath + error.instancePath;
  const params = JSON.stringify(error.params);
  const index = errors.findIndex(
    (other) =>
      other.instancePath === path &&
      other.keyword === error.keyword &&
      JSON.stringify(other.params) === params,
  );
  if (index !== -1) errors.splice(index, 1);
}

/** A value that fits no form, and no form was clearly meant. */
function noForm(
  validator: Validator,
  forms: readonly string[],
  { data }: SchemaError,
  where: readonly string[],
): Problem {
  const named = forms.flatMap((form) =>
    validator
      .errors(form, data)
      .filter(
        ({ keyword, instancePath }) =>
          instancePath === "" && (keyword === "enum" || keyword === "const"),
      )
      .flatMap((error) => allowedValues(error)),
  );
  const label = labelOf(where);
  if (typeof data === "string" && named.length > 0) {
    const others = forms
      .map((form) => validator.at(form))
      .filter((schema) => schema["enum"] === undefined && schema["const"] === undefined)
      .map(({ description }) => lowerFirst(String(description ?? "").replace(/\.$/, "")))
      .filter((text) => text !== "");
    return { where, at: "value", message: unknownValue(label, data, named, others) };
  }
  const kinds = [
    ...new Set(forms.flatMap((form) => kindsOf(validator.at(form), validator.schema.root))),
  ];
  return { where, at: "value", message: wrongKind(label, kinds, data) };
}

const allowedValues = (error: SchemaError): readonly Json[] =>
  error.keyword === "const"
    ? [error.params["allowedValue"] as Json]
    : (error.params["allowedValues"] as readonly Json[]);

function unknownValue(
  label: string,
  data: Json,
  allowed: readonly Json[],
  others: readonly string[] = [],
): string {
  const names = allowed.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  const hint = typeof data === "string" ? didYouMean(data, names) : "";
  const list = [names.join(", "), ...others].join("; or ");
  const one = names.length > 1 ? "one of " : "";
  if (names.length === 1 && others.length === 0 && hint !== "") {
    return `unknown value ${shown(data)} for ${label}${hint}`;
  }
  return hint === ""
    ? `unknown value ${shown(data)} for ${label}; it must be ${one}${list}`
    : `unknown value ${shown(data)} for ${label}${hint} (${one}${list})`;
}

/** `X must be a whole number, not "ten"`, and why YAML may have read something else. */
function wrongKind(label: string, kinds: readonly string[], data: Json): string {
  const wanted =
    kinds.length > 1
      ? `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)!}`
      : (kinds[0] ?? "something else");
  let why = "";
  if (typeof data === "string" && kinds.some((kind) => kind.includes("number"))) {
    if (data.trim() !== "" && Number.isFinite(Number(data))) why = "; remove the quotes";
  }
  if (
    typeof data === "string" &&
    kinds.includes("true or false") &&
    /^(yes|no|on|off|y|n)$/i.test(data)
  ) {
    why = " (YAML 1.2 knows only true and false)";
  }
  if (
    !Array.isArray(data) &&
    kinds.length === 1 &&
    kinds[0] === "a list" &&
    data !== null &&
    !isJsonObject(data)
  ) {
    why = `; write [${typeof data === "string" ? data : JSON.stringify(data)}]`;
  }
  return `${label} must be ${wanted}, not ${shown(data)}${why}`;
}

function problemOf(
  validator: Validator,
  error: SchemaError,
  base: readonly string[],
): Problem | null {
  const where = [...base, ...segments(error.instancePath)];
  const label = where.length === 0 ? "the spec" : labelOf(where);
  const params = error.params as { readonly [name: string]: Json };
  const value = (message: string): Problem => ({ where, at: "value", message });
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties":
      return unknownKey(validator, error, where);
    case "type":
      return value(
        wrongKind(label, kindsOf(error.parentSchema, validator.schema.root), error.data),
      );
    case "enum":
    case "const":
      return value(unknownValue(label, error.data, allowedValues(error)));
    case "required":
      return {
        where,
        at: "key",
        message: `${label} needs ${String(params["missingProperty"])}`,
        missing: String(params["missingProperty"]),
      };
    case "dependentRequired":
      return {
        where,
        at: "key",
        message: `${label}: ${String(params["property"])} needs ${String(params["missingProperty"])} beside it`,
      };
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
    case "exclusiveMaximum":
      return value(
        `${label} must be ${limits[error.keyword]} ${String(params["limit"])}, not ${shown(error.data)}`,
      );
    case "multipleOf":
      return value(
        `${label} must be a multiple of ${String(params["multipleOf"])}, not ${shown(error.data)}`,
      );
    case "minItems":
      return value(`${label} needs at least ${counted(params["limit"], "value")}`);
    case "maxItems":
      return value(`${label} takes at most ${counted(params["limit"], "value")}`);
    case "uniqueItems":
      return value(
        `${label} holds the same value twice (its items ${String(params["j"])} and ${String(params["i"])}, from 0)`,
      );
    case "minProperties":
      return value(`${label} must not be empty`);
    case "minLength":
      return value(`${label} must not be empty`);
    case "maxLength":
      return value(`${label} is longer than ${counted(params["limit"], "character")}`);
    case "pattern":
      return value(
        `${label}: ${shown(error.data)} does not fit. ${String(error.parentSchema["description"] ?? `It must match ${String(params["pattern"])}.`)}`,
      );
    case "if":
    case "$ref":
      return null;
    default:
      return value(`${label} ${error.message ?? "is wrong"}`);
  }
}

const limits = {
  minimum: "at least",
  exclusiveMinimum: "more than",
  maximum: "at most",
  exclusiveMaximum: "less than",
} as const;

const counted = (count: Json | undefined, word: string): string =>
  `${String(count)} ${word}${count === 1 ? "" : "s"}`;

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function unknownKey(validator: Validator, error: SchemaError, parent: readonly string[]): Problem {
  const params = error.params as { readonly [name: string]: string };
  const key = params["additionalProperty"] ?? params["unevaluatedProperty"] ?? "";
  const where = [...parent, key];
  const siblings = Object.keys((error.parentSchema["properties"] ?? {}) as JsonObject);
  const axes = isAxes(where);
  const head = key.split(".")[0]!;
  if (axes && aboutTheSweep.has(head)) {
    const message = `${head} is not a setting of a cell, so it cannot stand here`;
    return { where, at: "key", message };
  }
  if (axes) {
    const message = `no setting has the path ${JSON.stringify(key)}${didYouMean(key, siblings)}`;
    return { where, at: "key", message };
  }
  const block = settingAt(parent);
  const inside = block === null ? "" : ` in ${labelOf(parent)}`;
  let hint = didYouMean(key, siblings);
  if (hint === "") {
    // Perhaps the right key in the wrong block.
    const elsewhere = [...validator.schema.settings.keys()].filter(
      (path) => path === key || path.endsWith(`.${key}`),
    );
    if (elsewhere.length > 0 && elsewhere.length < 4)
      hint = `; did you mean ${elsewhere.join(" or ")}?`;
    else if (key.includes(".") && validator.schema.settings.has(key)) {
      hint = "; dotted paths stand in a sweep, here write nested blocks";
    } else if (siblings.length > 0 && siblings.length <= 24)
      hint = `; it knows ${siblings.join(", ")}`;
  }
  return { where, at: "key", message: `unknown setting ${JSON.stringify(key)}${inside}${hint}` };
}

function isAxes(where: readonly string[]): boolean {
  const [head, block] = where;
  if (head === "compare") {
    return where.length === (block === "baseline" ? 3 : block === "claims" ? 4 : 0);
  }
  if (head !== "sweep") return false;
  return block === "grid" ? where.length === 3 : where.length === 4;
}
