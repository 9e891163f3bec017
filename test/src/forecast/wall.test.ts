import { expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { Plan, StagePresence } from "../../../src/plan/index.js";
import { wallHours } from "../../../src/forecast/index.js";

/** A plan of stages: hours of a card, cards at once, and inputs. */
function made(stages: { readonly [name: string]: readonly [number, number, ...string[]] }) {
  const each = Object.entries(stages).map(([name, [hours, gpus, ...needs]]) => {
    const runner = { resources: () => ({ cpus: 1, gpus }) };
    return {
      name: name as Fingerprint,
      hours,
      stage: { record: { params: {} }, runner, execution: {}, needs },
    };
  });
  const plan = { stages: new Map(each.map(({ name, stage }) => [name, stage])) } as unknown as Plan;
  const estimate = new Map(each.map(({ name, hours }) => [name, { gpuHours: hours }]));
  const presence = (cached: readonly string[]): ReadonlyMap<Fingerprint, StagePresence> =>
    new Map(each.map(({ name }) => [name, { wouldRun: !cached.includes(name) } as StagePresence]));
  return (cards: number, ...cached: string[]): number =>
    wallHours(plan, presence(cached), estimate, cards);
}

it("fills the cards, waits for inputs, and spreads a stage over its cards", () => {
  const hours = made({
    data: [0, 0],
    tune: [8, 4, "data"],
    ask: [2, 1, "tune"],
    a: [1, 0.25, "ask"],
    b: [1, 0.25, "ask"],
    c: [3, 0.25, "data"],
  });
  expect(hours(1)).toBe(15);
  // tune waits for no card: c takes one of two first, or tune both; then ask, and a beside b.
  expect(hours(2)).toBeGreaterThanOrEqual(7.5);
  expect(hours(2)).toBeLessThanOrEqual(10);
  expect(hours(4)).toBeLessThanOrEqual(8);
  // Those that wait for nothing first, in the order of the plan: a and b beside each other, then c.
  expect(hours(2, "tune", "ask")).toBe(4);
  expect(hours(1, "tune", "ask", "a", "b", "c")).toBe(0);
  // No number of cards makes a chain shorter than its stages.
  expect(hours(64)).toBe(8 / 4 + 2 + 1);
});
