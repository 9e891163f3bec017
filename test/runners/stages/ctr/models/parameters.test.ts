import { describe, expect, it } from "vitest";
import { xavierNormal } from "../../../../../runners/stages/ctr/toolkit/initial.js";
import { Parameters } from "../../../../../runners/stages/ctr/toolkit/parameters.js";
import type { Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";

const draw = (seeds: readonly number[]): number[][] => {
  const parameters = new Parameters(seeds);
  const made: Tensor = parameters.add("w", [3, 2], xavierNormal(3, 2), true);
  const values = [...(made.dataSync() as Float32Array)];
  parameters.dispose();
  return seeds.map((_, replica) => values.slice(6 * replica, 6 * (replica + 1)));
};

describe("the initial values of replicas", () => {
  it("are those of the seed alone, also where replicas have one seed", () => {
    const alone = new Map([1, 2, 3].map((seed) => [seed, draw([seed])[0]]));
    for (const seeds of [
      [1, 2, 1, 3, 2],
      [2, 2],
      [3, 1, 1],
    ]) {
      expect(draw(seeds)).toEqual(seeds.map((seed) => alone.get(seed)));
    }
    expect(alone.get(1)).not.toEqual(alone.get(2));
  });
});
