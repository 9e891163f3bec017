import { expect, test } from "vitest";
import {
  meanLoss,
  mergeAttempts,
  type TrainerLine,
} from "../../../../runners/stages/finetune/trainer-log.js";

const loss = (current_steps: number, value: number): TrainerLine => ({
  ...{ current_steps, total_steps: 4, loss: value },
});
const valid = (current_steps: number, value: number): TrainerLine => ({
  ...{ current_steps, total_steps: 4, eval_loss: value },
});
const end = (current_steps: number): TrainerLine => ({ current_steps, total_steps: 4 });

const whole = [
  loss(1, 4),
  loss(2, 3),
  valid(2, 3.5),
  loss(3, 2),
  loss(4, 1),
  valid(4, 1.5),
  end(4),
];

test.each<[string, TrainerLine[][]]>([
  ["one attempt", [whole]],
  ["a stop after step 2, which ends with a line", [[...whole.slice(0, 3), end(2)], whole.slice(3)]],
  [
    "a kill in step 4, from the checkpoint at step 2",
    [[...whole.slice(0, 3), loss(3, 9)], whole.slice(3)],
  ],
  ["a kill after the last step", [whole.slice(0, 6), [end(4)]]],
  ["a kill after the end", [whole, [end(4)]]],
  ["two kills after the end", [whole, [], [end(4)], [end(4)]]],
  ["a kill before the first step", [[], whole]],
])("attempts are merged as if nothing had stopped them: %s", (_, attempts) => {
  const merged = mergeAttempts(attempts);
  expect(merged).toEqual(whole);
  expect(meanLoss(merged)).toBe(2.5);
});

test("a line stands for the steps since the line before; without one for the last steps there is no mean", () => {
  expect(meanLoss([loss(3, 2), loss(4, 6), end(4)])).toBe(3);
  expect(meanLoss([loss(3, 2), end(4)])).toBeNull();
  expect(meanLoss([end(4)])).toBeNull();
});
