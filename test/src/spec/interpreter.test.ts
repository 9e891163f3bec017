import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { science } from "../../../runners/registry.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { Interpreter } from "../../../src/spec/interpreter.js";
import { assembleSchema } from "../../../src/spec/schema.js";
import { Validator } from "../../../src/spec/validator.js";
import { specs } from "../../fuzz/specs.js";

const experiments = path.resolve(import.meta.dirname, "../../../experiments");
const files = readdirSync(experiments, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml") && !name.includes("prompts"))
  .map((name) => readFileSync(path.join(experiments, name), "utf8"));
const documents = [...specs, ...files].map((text) => parse(text) as JsonObject);

/** Values that are wrong in most places, or right in few. */
const odd = fc.oneof(
  fc.constantFrom<Json>(
    ...[null, true, false, 0, -0, 1, -1, 0.5, 1e-320, 1e308, 2 ** 53, "", " ", "off", "none"],
    ...["din", "auto", "x".repeat(300), "é", "😀", "a/b", "1", [], [[]], {}, { a: 1 }, [1, 1]],
    ...[[null], ["a", "a"], { name: "x" }, { grid: {} }, { constructor: 1 }],
  ),
  fc.integer({ min: -3, max: 12 }),
  fc.string({ maxLength: 6 }),
);

/** A document with one thing in it replaced, left out, added or put into a list. */
function changed(value: Json, steps: readonly number[], how: number, other: Json): Json {
  const [step, ...rest] = steps;
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (step === undefined || keys.length === 0) return how % 4 === 0 ? [value, other] : other;
  const key = keys[step % keys.length]!;
  if (Array.isArray(value)) {
    const at = Number(key);
    return value.flatMap((one: Json, place): Json[] =>
      place !== at
        ? [one]
        : how === 1
          ? []
          : how === 2
            ? [one, one]
            : [changed(one, rest, how, other)],
    );
  }
  const entries = Object.entries(value as JsonObject).flatMap(([name, one]): [string, Json][] => {
    if (name !== key) return [[name, one]];
    if (how === 1 && rest.length < 2) return [];
    if (how === 2 && rest.length < 2)
      return [
        [name, one],
        [`${name}x`, other],
      ];
    return [[name, changed(one, rest, how, other)]];
  });
  return Object.fromEntries(entries);
}

const schema = assembleSchema(science);
/** The truth: by compiled code. */
const compiled = new Validator(schema);
const keys = Object.keys(schema.root["properties"] as object);
/** Compares the two on each block of a document, and gives how many blocks do not fit. */
function agree(interpreter: Interpreter, document: Json): number {
  const blocks = keys.filter((key) => Object.hasOwn(Object(document) as object, key));
  const wrong = blocks.filter((key) => {
    const value = (document as JsonObject)[key]!;
    const said = interpreter.accepts(`spec#/properties/${key}`, value);
    const truth = compiled.errors(`#/properties/${key}`, value).length === 0;
    if (said !== truth) throw new Error(`${key}: ${JSON.stringify(value)}: ${said}, not ${truth}`);
    return !truth;
  });
  return wrong.length;
}
const newInterpreter = (): Interpreter => new Interpreter({ spec: schema.root });

describe("what says of a value that it fits, without compiling the schema", () => {
  it("says what compiled code says, of right specs and of changed ones", () => {
    for (const document of documents) agree(newInterpreter(), document);
    let interpreter = newInterpreter();
    let asked = 0;
    let wrong = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }),
        fc.nat(4),
        odd,
        (document, steps, how, other) => {
          // It looks at no more than some hundred values.
          if (++asked % 20 === 0) interpreter = newInterpreter();
          wrong += Math.sign(agree(interpreter, changed(document, steps, how, other)));
        },
      ),
      { numRuns: 3000 },
    );
    // Both answers were there to be compared.
    expect([wrong > 500, wrong < 2900]).toEqual([true, true]);
  }, 120_000);

  it("never says yes by a schema with a keyword that it might read otherwise", () => {
    const accepts = (root: object): boolean =>
      new Interpreter({ spec: root as never }).accepts("spec#/properties/a", 1);
    expect(accepts({ properties: { a: { type: "integer" } } })).toBe(true);
    expect(accepts({ properties: { a: { $dynamicRef: "#no" } } })).toBe(false);
    expect(accepts({ properties: { a: {}, b: { format: "date" } } })).toBe(false);
  });

  it("leaves many values to compiled code", () => {
    const interpreter = newInterpreter();
    const said = Array.from({ length: 6001 }, (_, seed) =>
      interpreter.accepts("spec#/properties/seed", seed),
    );
    expect([said[0], said.at(-1)]).toEqual([true, false]);
    const validator = new Validator(schema);
    for (let seed = 0; seed < 6001; seed++)
      expect(validator.fits("#/properties/seed", seed)).toBe(true);
    expect(validator.fits("#/properties/seed", -1.5)).toBe(false);
  });
});
