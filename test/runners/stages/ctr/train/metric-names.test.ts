import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ctrMetrics } from "../../../../../runners/stages/ctr/metric-names.js";
import { biasRunner } from "../../../../../runners/stages/ctr/bias/runner.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { removeFolders, runStage } from "../../../../support/stage.js";
import { small, writeDataset } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

const scratch = new Scratch();
const dataset = join(scratch.path, "dataset");
beforeAll(() => writeDataset(dataset, small));
afterAll(async () => {
  scratch.remove();
  await removeFolders();
});

describe("the metrics that a CTR stage declares", () => {
  it.each<JsonObject>([{}, { user_id: true }, { pick: "test" }, { pick: "test", user_id: true }])(
    "are those that it publishes: %j",
    { timeout: 60_000 },
    async (ctr) => {
      const stage = stageOf({ backbone: "deepfm", ctr: { epochs: 1, ...ctr } });
      const task = new TestTask(stage, { dataset }, scratch.folder(), scratch.folder());
      await program.run([task]);
      const published = Object.keys(task.published!.metrics);
      expect(published.sort()).toEqual([...ctrMetrics({ backbone: "deepfm", ctr })].sort());
    },
  );

  it("are those that the bias publishes", async () => {
    const { result } = await runStage({ runner: biasRunner, params: {}, inputs: { dataset } });
    const declared = ctrMetrics({ backbone: "bias" });
    expect(Object.keys(result!.metrics).sort()).toEqual([...declared].sort());
  });
});
