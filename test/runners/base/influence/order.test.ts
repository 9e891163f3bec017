import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byScore } from "../../../../runners/base/influence/order.js";

describe("byScore", () => {
  it.each([
    ["float32", Float32Array],
    ["float64", Float64Array],
  ])("orders %s like a comparing sort, equal values by their place", (_name, Numbers) => {
    // Small whole numbers, so that values tie; both zeros among them.
    const tying = fc.integer({ min: -3, max: 3 }).map((n) => n * 0.5 * (n === 0 ? -1 : 1));
    const float = fc.oneof(tying, fc.constant(0), fc.float({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(float, { maxLength: 200 }), (values) => {
        const scores = Numbers.from(values);
        const owners = Uint32Array.from(scores.keys(), (place) => 2 ** 32 - 1 - place);
        const sorted = byScore(scores, owners);
        const order = [...scores.keys()].map((at) => 2 ** 32 - 1 - sorted[2 * at + 1]!);
        expect(order).toEqual([...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b));
        order.slice(1).forEach((sample, at) => {
          const [before, here] = [sorted[2 * at]!, sorted[2 * at + 2]!];
          expect(here > before).toBe(scores[sample]! > scores[order[at]!]!);
          expect(here === before).toBe(scores[sample] === scores[order[at]!]);
        });
      }),
    );
  });
});
