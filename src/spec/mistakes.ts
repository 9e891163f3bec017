import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { aboutTheSweep } from "./engine-fragments.js";
import { contains } from "./dotted.js";
import { chosenForm, kindsOf } from "./forms.js";
import { labelOf, type Problem, settingAt, shown } from "./problem.js";
import { follow } from "./settings.js";
import {
  formOf,
  inline,
  inOtherBlock,
  misplacedAxis,
  oddBlank,
  rangeMeant,
  toFlatten,
  toVary,
} from "./hints.js";
import { didYouMean, suggest } from "./suggest.js";
import { withoutTorn } from "./torn.js";
import type { SchemaError, Validator } from "./validator.js";

/**
 * No more mistakes than this are looked into: whoever has made so many has made one of another kind
 * (a wrong file, a generator's fault), and each takes its time.
 */
export const mostMistakes = 100;

/**
 * Everything wrong with a whole spec, or the first mistakes where there are more than
 * {@link mostMistakes}. Only the blocks that it has are compiled.
 */
export function mistakesOfSpec(validator: Validator, document: JsonObject): readonly Problem[] {
  // ajv's time grows with the square of the mistakes, so long lists are first looked at in part.
  for (const most of [500, 4000, 32_000]) {
    const short = withShortLists(document, most) as JsonObject;
    if (short === document) break;
    const mistakes = mistakesWithin(validator, short);
    if (mistakes.length > mostMistakes) return mistakes;
  }
  return withoutTorn(document, mistakesWithin(validator, document));
}

/** The value with at most `most` items in each list; the same value where none is longer. */
function withShortLists(value: Json, most: number): Json {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).slice(0, most);
    const list = items.map((item) => withShortLists(item, most));
    const same = list.length === value.length && list.every((item, at) => item === value[at]);
    return same ? value : list;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    return [key, withShortLists(inner, most)] as const;
  });
  return entries.every(([key, inner]) => inner === value[key])
    ? value
    : Object.fromEntries(entries);
}

function mistakesWithin(validator: Validator, document: JsonObject): readonly Problem[] {
  const keys = Object.keys(validator.schema.root["properties"] as JsonObject);
  const mistakes = validator.fits("outline#", document)
    ? []
    : [...mistakesOf(validator, "outline#", document, [])];
  for (const key of keys) {
    if (mistakes.length > mostMistakes) break;
    if (!Object.hasOwn(document, key)) continue;
    mistakes.push(...mistakesOfBlock(validator, key, document[key]!));
  }
  return mistakes;
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
  let errors = validator.errors(pointer, value);
  const problems: Problem[] = [];
  // Outer forms first: choosing one of them settles what lies inside.
  while (problems.length <= mostMistakes) {
    const choice = outermostChoice(errors);
    if (choice === null) break;
    const forms = (choice.schema as readonly JsonSchema[]).map((form) => validator.pointerTo(form));
    const inside = forms.flatMap((form) => validator.errors(form, choice.data));
    errors = without(errors, choice, inside);
    const place = [...where, ...segments(choice.instancePath)];
    const chosen = chosenForm(validator, forms, choice.data);
    if (chosen === null || isOneName(validator.at(chosen), choice.data))
      problems.push(noForm(validator, forms, choice, place));
    else problems.push(...mistakesOf(validator, chosen, choice.data, place));
  }
  for (const error of errors) {
    if (problems.length > mostMistakes) break;
    const problem = problemOf(validator, error, where);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** Whether a form is a single name, such as `off`, and the value another text: perhaps another form was meant. */
function isOneName(form: JsonSchema, data: Json): boolean {
  const names = (form["enum"] ?? [form["const"] ?? null]) as readonly Json[];
  const [name] = names;
  if (names.length !== 1 || typeof name !== "string" || typeof data !== "string") return false;
  return didYouMean(data, [name]) === "";
}

/** The first error about a choice of forms that lies in no other one; null where there is none. */
function outermostChoice(errors: readonly SchemaError[]): SchemaError | null {
  let found: SchemaError | null = null;
  for (const error of errors) {
    if (error.keyword !== "anyOf" && error.keyword !== "oneOf") continue;
    if (found === null || error.instancePath.length < found.instancePath.length) found = error;
  }
  return found;
}

const segments = (instancePath: string): string[] =>
  instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/**
 * The errors without a choice of forms and without those of its forms, whose paths are relative to
 * that of the choice. Of equal ones as many go as are given.
 */
function without(
  errors: readonly SchemaError[],
  choice: SchemaError,
  inside: readonly SchemaError[],
): readonly SchemaError[] {
  const nameOf = ({ instancePath, keyword, params }: SchemaError): string =>
    JSON.stringify([instancePath, keyword, params]);
  const gone = new Map([[nameOf(choice), 1]]);
  for (const error of inside) {
    const name = nameOf({ ...error, instancePath: choice.instancePath + error.instancePath });
    gone.set(name, (gone.get(name) ?? 0) + 1);
  }
  return errors.filter((error) => {
    if (!error.instancePath.startsWith(choice.instancePath)) return true;
    const name = nameOf(error);
    const left = gone.get(name) ?? 0;
    if (left > 0) gone.set(name, left - 1);
    return left === 0;
  });
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
    const more = named.length === 1 ? formOfMapping(validator, forms) : "";
    return { where, at: "value", message: `${unknownValue(label, data, named, others)}${more}` };
  }
  const kinds = [
    ...new Set(forms.flatMap((form) => kindsOf(validator.at(form), validator.schema.root))),
  ];
  const hint = toVary(validator.schema, where, data);
  return { where, at: "value", message: `${wrongKind(label, kinds, data)}${hint}` };
}

/** `; write {…}`: the form of the one mapping among forms; nothing where there are several. */
function formOfMapping(validator: Validator, forms: readonly string[]): string {
  const { root } = validator.schema;
  const mappings = forms
    .map((form) => follow(validator.at(form), root))
    .filter((schema) => schema["type"] === "object");
  return mappings.length === 1 ? formOf(mappings[0]!, root) : "";
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

/** Whether a text would be a number without its quotes. */
const readsAsNumber = (data: Json): boolean =>
  typeof data === "string" && data.trim() !== "" && Number.isFinite(Number(data));

/** `X must be a whole number, not "ten"`, and why YAML may have read something else. */
function wrongKind(label: string, kinds: readonly string[], data: Json): string {
  const wanted =
    kinds.length > 1
      ? `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)!}`
      : (kinds[0] ?? "something else");
  let why = "";
  if (readsAsNumber(data) && kinds.some((kind) => kind.includes("number"))) {
    why = "; remove the quotes";
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
    case "type": {
      const { root } = validator.schema;
      const kinds = kindsOf(error.parentSchema, root);
      const isBlock = kinds.length === 1 && kinds[0] === "a mapping";
      const hints = [
        toVary(validator.schema, where, error.data),
        toFlatten(validator.schema, where, error.data),
        isBlock ? formOf(error.parentSchema, root) : "",
        kinds.join() === "a list" && isJsonObject(error.data)
          ? `; write [${inline(error.data)}]`
          : "",
      ];
      const hint = hints.find((one) => one !== "") ?? "";
      return value(`${wrongKind(label, kinds, error.data)}${hint}`);
    }
    case "enum":
    case "const": {
      const hint = toVary(validator.schema, where, error.data);
      return value(`${unknownValue(label, error.data, allowedValues(error))}${hint}`);
    }
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
    case "maxProperties":
      return value(
        `${label} takes ${params["limit"] === 1 ? "one" : `at most ${String(params["limit"])}`} of ${Object.keys((error.parentSchema["properties"] ?? {}) as JsonObject).join(", ")}`,
      );
    case "minProperties":
      return value(`${label} must not be empty`);
    case "minLength":
      return value(`${label} must not be empty`);
    case "maxLength":
      return value(`${label} is longer than ${counted(params["limit"], "character")}`);
    case "pattern":
      if (readsAsNumber(error.data) && [error.parentSchema["type"]].flat().includes("number"))
        return value(
          `${label} is a text, ${shown(error.data)}; remove the quotes to make it a number`,
        );
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
  const { settings, shortNames } = validator.schema;
  const short = key.slice(key.lastIndexOf(".") + 1).toLowerCase();
  const known = Object.hasOwn(shortNames, short) ? shortNames[short]! : null;
  if (axes) {
    const meant = known === null ? didYouMean(key, siblings) : `; did you mean ${known}?`;
    const message = `no setting has the path ${JSON.stringify(key)}${meant}`;
    return { where, at: "key", message };
  }
  const block = settingAt(parent);
  const inside = block === null ? "" : ` in ${labelOf(parent)}`;
  let hint = rangeMeant(where, key, siblings) || oddBlank(key) || didYouMean(key, siblings);
  if (where.length === 2 && where[0] === "sweep") {
    const written = isJsonObject(error.data) ? error.data[key] : undefined;
    const axis = misplacedAxis(
      validator.schema,
      key,
      written,
      known ?? suggest(key, settings.keys()),
    );
    if (axis !== null) hint = axis;
    else if (hint === "") hint = `; it knows ${siblings.join(", ")}`;
  } else if (known !== null && contains(parent.join("."), known)) {
    hint = `; did you mean ${known.slice(parent.join(".").length + 1)}?`;
  } else if (known !== null && parent.length === 0) {
    const written = isJsonObject(error.data) ? error.data[key] : undefined;
    const vary = toVary(validator.schema, [known], written ?? null);
    hint = `; did you mean ${known}?${vary.replace(/^;/, "")}`;
  } else if (parent.length === 0 && inOtherBlock(validator.schema.root, key) !== "") {
    hint = inOtherBlock(validator.schema.root, key);
  } else if (hint === "") {
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
  if (block === "sample") return where[2] === "space" && where.length === 4;
  return block === "grid" ? where.length === 3 : where.length === 4;
}
