import { describe, expect, it } from "vitest";
import { batches } from "../../../../runners/stages/finetune/config.js";
import { finetuneRunners } from "../../../../runners/stages/finetune/runner.js";

const finetune = finetuneRunners.find(({ name }) => name === "finetune")!;

describe("micro-batches after a card's memory was full", () => {
  it("become smaller, and their product stays the batch", () => {
    for (const cards of [1, 2, 3, 4]) {
      for (let batch = cards; batch <= 96; batch += cards) {
        for (const micro of [1, 2, 3, 6, 8, 16]) {
          const of = (tightened: number) => batches(batch, micro, { cards, tightened });
          const whole = of(0).micro * of(0).steps;
          for (let times = 1; times < 6; times++) {
            expect(of(times).micro * of(times).steps).toBe(whole);
            expect(of(times).micro).toBeLessThanOrEqual(
              Math.max(1, Math.floor(of(times - 1).micro / 2)),
            );
          }
          expect(of(9).micro).toBe(1);
        }
      }
    }
  });

  it("are told by the runner until nothing smaller is left, and are the user's where he sets them", () => {
    const params = { batch_size: 16, options: {} };
    const execution = { gpus: 1, micro_batch_size: 4, save_steps: 10, precision: "auto" };
    const told = [1, 2, 3].map((times) => finetune.tighten!(params, execution, times));
    expect(told).toEqual([
      "with micro_batch_size 2, gradients of 8 steps added",
      "with micro_batch_size 1, gradients of 16 steps added",
      null,
    ]);
    const own = { batch_size: 16, options: { per_device_train_batch_size: 4 } };
    expect(finetune.tighten!(own, execution, 1)).toBe(null);
  });
});
