import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readDataset } from "../../../../runners/base/artifacts/dataset.js";
import { writeNpy } from "../../../../runners/base/files/write-npy.js";
import { faultOf } from "../../../../runners/stages/ctr/data/fault.js";
import { loadCtrData } from "../../../../runners/stages/ctr/data/load.js";
import { biasRunner } from "../../../../runners/stages/ctr/bias/runner.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { small, writeDataset } from "./train/dataset.js";

afterAll(removeFolders);

/** A data set whose samples of one split have one rating. */
async function oneRating(split: "train" | "valid" | "test", rating: number): Promise<string> {
  const folder = await newFolder();
  await writeDataset(folder, small);
  const data = await readDataset(folder);
  const ratings = data.interactionRating.slice();
  for (const row of data[split]) ratings[row] = rating;
  await writeNpy(join(folder, "interaction_rating.npy"), ratings, [ratings.length]);
  return folder;
}

describe("samples of one class", () => {
  const splits = { train: "training", valid: "validation", test: "test" } as const;
  it.each(
    (["train", "valid", "test"] as const).flatMap((split) =>
      ([1, 5] as const).map((rating) => [split, rating] as const),
    ),
  )("are a fault of the data: %s, all rated %i", async (split, rating) => {
    const dataset = await oneRating(split, rating);
    const data = await loadCtrData({ dataset }, { pick: "valid", history_length: 1 });
    const what = rating === 1 ? "negative" : "positive";
    const message = new RegExp(`^all \\d+ ${splits[split]} samples are ${what} .*no AUC`);
    expect(faultOf(data)).toMatch(message);
    const { error, result } = await runStage({
      runner: biasRunner,
      params: {},
      inputs: { dataset },
    });
    expect(result).toBeUndefined();
    expect(error).toMatchObject({
      kind: "spec",
      message: expect.stringMatching(message) as string,
    });
  });

  it("are none where both classes are there", async () => {
    const dataset = await newFolder();
    await writeDataset(dataset, small);
    const data = await loadCtrData({ dataset }, { pick: "valid", history_length: 1 });
    expect(faultOf(data)).toBeNull();
  });
});
