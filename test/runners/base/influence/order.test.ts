import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascending } from "../../../../runners/base/influence/order.js";

describe("ascending", () => {
  it("orders like a comparing sort, equal values by their place", () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(fc.array(float, { maxLength: 200 }), (values) => {
        const array = Float32Array.from(values, (value) => value + 0);
        const expected = [...array.keys()].sort((a, b) => array[a]! - array[b]! || a - b);
        expect([...ascending(array)].map((i) => array[i])).toEqual(expected.map((i) => array[i]));
      }),
    );
  });
});
