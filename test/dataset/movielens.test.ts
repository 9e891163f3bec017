import { afterAll, beforeAll, expect, test } from "vitest";
import { prepare, removeFolders, type StageOutcome } from "./stage.js";
import { readDataset, readItems } from "../../runners/dataset/read.js";

afterAll(removeFolders);
let outcome: StageOutcome;
beforeAll(async () => {
  outcome = await prepare("ml-100k");
});

test("ML-100K from PyPI's recbole wheel gives the published counts", async () => {
  expect(outcome.error).toBeUndefined();
  expect(outcome.result?.metrics).toMatchObject({
    users: 943,
    items: 1682,
    "train.samples": 70_189,
    "train.positives": 38_897,
    "test.samples": 19_438,
    "test.positives": 10_388,
  });
});
