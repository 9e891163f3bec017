import fc from "fast-check";
import { expect, test } from "vitest";
import { FieldScanner, Found } from "../../../../runners/stages/dataset/scanner.js";

const fields = ["reviewerID", "asin", "overall"];

/** What the scanner says of a line: the wanted fields, or null where it is unsure. */
function scanned(line: Buffer): Record<string, unknown> | null {
  const bytes = Buffer.concat([line, Buffer.from("\n")]);
  const scanner = new FieldScanner(fields);
  const end = scanner.scan(bytes, 0);
  if (end < 0) return null;
  expect(end).toBe(bytes.indexOf(10));
  const found: Record<string, unknown> = {};
  fields.forEach((name, field) => {
    const text = bytes.toString("utf8", scanner.start[field], scanner.end[field]);
    if (scanner.found[field] === Found.text) found[name] = text;
    else if (scanner.found[field] !== Found.nothing) found[name] = JSON.parse(text) as unknown;
  });
  return found;
}

/** The same by JSON.parse; undefined where that refuses. */
function parsed(line: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line.toString("utf8")) as Record<string, unknown>;
    return Object.fromEntries(
      fields.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name]]),
    );
  } catch {
    return undefined;
  }
}

const space = fc.constantFrom("", "", "", " ", "  ", "\t", "\r");
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"asin": "x"', "a\\", "é", '\u2028"', "}{", "\n"),
);
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const key = fc.oneof(fc.constantFrom(...fields, "overal", "Asin"), text);

/** JSON text of an object with repeated keys and white space anywhere. */
const objectText = fc
  .array(fc.tuple(key, json, space, space, space), { maxLength: 6 })
  .map(
    (members) =>
      `{${members.map(([k, v, a, b, c]) => `${a}${JSON.stringify(k)}${b}:${c}${JSON.stringify(v)}${a}`).join(",")}}`,
  );

test("what the scanner finds in an object is what JSON.parse finds", () => {
  fc.assert(
    fc.property(objectText, space, (object, after) => {
      const line = Buffer.from(object + after);
      const found = scanned(line);
      if (found !== null) expect(found).toEqual(parsed(line));
    }),
    { numRuns: 3000 },
  );
});

test("damaged text is never accepted where JSON.parse refuses it", () => {
  fc.assert(
    fc.property(
      objectText,
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom(...Buffer.from('"\\{}[],:-+.eE0159tfnu \t\x01\xff', "latin1")),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      fc.constantFrom("replace", "insert", "remove"),
      (object, changes, how) => {
        const bytes = [...Buffer.from(object)];
        for (const [at, byte] of changes) {
          const index = at % bytes.length;
          if (how === "replace") bytes[index] = byte;
          else if (how === "insert") bytes.splice(index, 0, byte);
          else if (bytes.length > 1) bytes.splice(index, 1);
        }
        const line = Buffer.from(bytes.filter((byte) => byte !== 10));
        const found = scanned(line);
        if (found !== null) expect(found).toEqual(parsed(line));
      },
    ),
    { numRuns: 5000 },
  );
});

test("ordinary lines take the fast path", () => {
  const line =
    '{"overall": 5.0, "vote": "2", "verified": false, "style": {"Format:": " Hardcover"}, ' +
    '"image": ["a", "b"], "reviewerID": "A1", "asin": "0001", "reviewText": "He said \\"no\\" – \\u00e9", ' +
    '"n": null, "z": -0.5e-3, "e": {}, "f": []}';
  expect(scanned(Buffer.from(line))).toEqual({ overall: 5, reviewerID: "A1", asin: "0001" });
});

test.each([
  ["an escape in a wanted value", '{"asin": "a\\u0062"}'],
  ["an escape in a key", '{"as\\u0069n": "a"}'],
  ["a wanted value beyond ASCII", '{"asin": "é"}'],
  ["an array", "[1]"],
  ["a leading zero", '{"overall": 05}'],
  ["a bare dot", '{"overall": 5.}'],
  ["a trailing comma", '{"overall": 5,}'],
  ["text behind the object", '{"overall": 5} x'],
  ["nothing", ""],
  ["a tab within a string", '{"x": "a\tb"}'],
  ["nesting without end", `{"x": ${"[".repeat(100)}${"]".repeat(100)}}`],
])("%s is left to JSON.parse", (_, line) => {
  expect(scanned(Buffer.from(line))).toBeNull();
});
