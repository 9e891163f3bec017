import type { RunnerProgram, StageTask } from "../src/runner.js";

/** The program of a runner whose stages are never fused: each task is done by itself. */
export const eachAlone = (work: (task: StageTask) => Promise<void>): RunnerProgram => ({
  async run(tasks) {
    for (const task of tasks) await work(task);
  },
});
