import fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/base/json.js";
import { finder, matcher } from "../../../src/spec/match.js";

const scalar = fc.constantFrom(0, 1, "1", "a", true, null, "");
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }),
  fc.constant({}),
);
const block = fc.dictionary(fc.constantFrom("x", "y"), value, { maxKeys: 2 });
const settings = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.oneof(value, block));
const point = fc.dictionary(
  fc.constantFrom("a", "b", "c", "a.x", "b.y", "c.x"),
  fc.oneof(value, block),
  { minKeys: 1, maxKeys: 3 },
);

it("many points at once match as each one alone does", () => {
  let matched = 0;
  fc.assert(
    fc.property(fc.array(point, { maxLength: 12 }), settings, (points, cell) => {
      const alone = points.flatMap((one, at) => (matcher(one)(cell as JsonObject) ? [at] : []));
      const found = finder(points)(cell as JsonObject);
      matched += alone.length;
      expect([...found].sort((a, b) => a - b)).toEqual(alone);
    }),
    { numRuns: 3000, seed: 11 },
  );
  // Enough of the points match for the others to mean something.
  expect(matched).toBeGreaterThan(300);
});
