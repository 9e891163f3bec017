import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GroupListener, Place } from "../../../src/execute/executor.js";
import type { TaskEnd } from "../../../src/execute/messages.js";
import { runGroup } from "../../../src/execute/run-group.js";
import { readyStage } from "../../support/ready-stage.js";

describe("the time limit of a stage", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("stands still while its program waits for its start, and counts from then on", async () => {
    let listener!: GroupListener;
    let killed = 0;
    const place: Place = {
      allocation: { gpus: [0], threads: 1 },
      release: () => undefined,
      open: () => ({ worker: 1, pid: 1, mark: "" }),
      run: (_group, given) => {
        listener = given;
        const kill = (): void => {
          killed += 1;
          listener.over({ how: "SIGKILL", lastLines: "", forMemory: false });
        };
        return { log: "log", lastLines: () => "", kill };
      },
    };
    const ends: TaskEnd[] = [];
    const over = runGroup([{ stage: readyStage(1, "din"), lock: undefined as never }], place, {
      toolchain: { paths: { environments: {} }, surroundings: {}, environment: {} },
      ...{ tightened: 0, limit: 10, classify: () => null, stopping: () => false },
      event: () => undefined,
      ended: (_one, end) => ends.push(end),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(killed).toBe(0);
    listener.told();
    await vi.advanceTimersByTimeAsync(9_900);
    expect(killed).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    await over;
    expect(killed).toBe(1);
    expect(ends).toEqual([
      expect.objectContaining({
        how: "failed",
        error: expect.objectContaining({ class: "timeout" }),
      }),
    ]);
  });
});
