import { afterAll, expect, it } from "vitest";
import { science } from "../../../../../runners/registry.js";
import { biasRunner } from "../../../../../runners/stages/ctr/bias/runner.js";
import { ratedScores } from "../../../../../runners/stages/ctr/bias/rates.js";
import { experimentOf } from "../../../../src/spec/read.js";
import { runStage } from "../../../../support/stage.js";
import { prepare, removeFolders } from "../../dataset/stage.js";

afterAll(removeFolders);
const int = (...numbers: number[]): Int32Array => Int32Array.from(numbers);

it("adds the logits of the item's and the user's rate, 1/2 where there are no samples", () => {
  const train = { users: int(1, 1, 2), items: int(7, 8, 7) };
  const [known, strangeUser, nobody] = ratedScores(train, Float32Array.of(1, 0, 1), {
    users: int(2, 9, 9),
    items: int(7, 7, 9),
  });
  // Item 7: 3/4, odds 3. User 2: 2/3, odds 2.
  expect(known).toBeCloseTo(6 / 7, 6);
  expect(strangeUser).toBeCloseTo(3 / 4, 6);
  expect(nobody).toBe(0.5);
});

it("reaches on ML-100K what was measured elsewhere", async () => {
  const dataset = (await prepare("ml-100k")).out;
  const { result } = await runStage({ runner: biasRunner, params: {}, inputs: { dataset } });
  expect(result!.metrics["test.auc"]).toBeCloseTo(0.7673, 3);
  expect(Math.abs(result!.metrics["test.gauc"]! - 0.718)).toBeLessThan(0.002);
});

it("is one cell, whatever else the sweep varies, and is not there unless named", () => {
  const grid = {
    backbone: ["din", "bias"],
    "knowledge.variant": ["none", "profile"],
    seed: [1, 2],
  };
  const document = { name: "t", dataset: "ml-100k", sweep: { grid } };
  const { cells } = experimentOf(JSON.stringify(document), science);
  const floor = cells.filter(({ settings }) => settings["backbone"] === "bias");
  expect([cells.length, floor.length]).toEqual([5, 1]);
  expect(Object.keys(floor[0]!.settings)).not.toContain("ctr");
  const stage = science.plan(floor[0]!.settings, { folder: "/" });
  expect([stage.runner, Object.keys(stage.inputs)]).toEqual(["bias", ["dataset"]]);
});
