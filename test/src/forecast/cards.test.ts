import { expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { sweepIdOf } from "../../../src/base/fingerprint.js";
import type { StageEstimate } from "../../../src/contract/runner.js";
import { Forecast, Learned, longestFirst } from "../../../src/forecast/index.js";
import { readyStage } from "../../support/ready-stage.js";

const nothing = { promptTokens: 0, completionTokens: 0, gpuHours: 0, sizes: {} };

/** A sweep of stages that take so many seconds, and so much of a card each. */
function sweepOf(
  each: readonly (readonly [seconds: number, gpus: number | { readonly memory: number }])[],
  learned = new Learned(),
): { readonly forecast: Forecast; readonly stages: readonly Fingerprint[] } {
  const planned = each.map(([, gpus], seed) =>
    readyStage(seed, "any", typeof gpus === "number" ? { gpus } : gpus),
  );
  const stages = planned.map(({ record }) => record.fingerprint);
  const reckoned = new Map<Fingerprint, StageEstimate>(
    each.map(([seconds], nth) => [stages[nth]!, { ...nothing, seconds }]),
  );
  const plan = {
    sweep: sweepIdOf("simulated", []),
    cells: [],
    stages: new Map(planned.map((stage) => [stage.record.fingerprint, stage])),
  };
  const capacity = { cpus: 16, cards: 2 };
  const machine = { capacity, cardMemory: 80_000, cellsPerCard: 1 };
  return { forecast: new Forecast({ plan, reckoned, learned, ...machine }), stages };
}

it("the time that a sweep takes on cards is reckoned in the order in which its cells start", () => {
  const secondsOf = (...each: Parameters<typeof sweepOf>[0]): number => {
    const { forecast, stages } = sweepOf(each);
    return forecast.secondsOf(stages)!.seconds;
  };
  // The long one first, beside the two short ones.
  expect(secondsOf([10, 0.5], [10, 0.5], [20, 0.5])).toBeCloseTo(20);
  // Two by two on each card.
  const [half, more] = [{ memory: 40_000 }, { memory: 41_000 }];
  expect(secondsOf([10, half], [10, half], [10, half], [10, half])).toBeCloseTo(10);
  const six = Array.from({ length: 6 }, () => [10, more] as const);
  expect(secondsOf(...six)).toBeCloseTo(30);
  // Of stages that take whole cards nobody changes the order: the last one waits for both.
  expect(secondsOf([10, 1.5], [20, 1.5])).toBeCloseTo(30);
});

it("what is learned later changes no expectation that was asked for before", () => {
  const learned = new Learned();
  const { forecast, stages } = sweepOf([[10, 0.5]], learned);
  const expected = forecast.expectation();
  expect(expected(stages[0]!)).toBeCloseTo(10);
  learned.add({ runner: "model", kinds: [], onCard: true }, "seconds", 7, 1);
  expect(forecast.cost(stages[0]!)!.seconds).toBeGreaterThan(60);
  expect(expected(stages[0]!)).toBeCloseTo(10);
});

it("the longest first, those of which nothing is known before them, and others where they are", () => {
  const order = (...list: (readonly [string, number | null | undefined])[]): string =>
    longestFirst(list, ([, seconds]) => seconds)
      .map(([name]) => name)
      .join("");
  expect(order(["a", 1], ["b", 3], ["c", 2])).toBe("bca");
  expect(order(["a", 1], ["X", undefined], ["b", null], ["c", 1], ["Y", undefined], ["d", 5])).toBe(
    "bXdaYc",
  );
});
