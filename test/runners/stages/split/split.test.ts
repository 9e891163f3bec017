import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  readDataset,
  readUsers,
  type Dataset,
} from "../../../../runners/base/artifacts/dataset.js";
import { splitByUsers, type SplitColumns } from "../../../../runners/base/artifacts/split.js";
import { indexRaters } from "../../../../runners/base/prompts/raters.js";
import { science } from "../../../../runners/registry.js";
import { splitRunner } from "../../../../runners/stages/split/runner.js";
import { splitStage } from "../../../../runners/stages/split/stage.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageRequest } from "../../../../src/contract/runner.js";
import { experimentOf } from "../../../src/spec/read.js";
import { runStage } from "../../../support/stage.js";
import { prepare, removeFolders } from "../dataset/stage.js";

let folder: string;
let data: Dataset;
let ids: string[];
beforeAll(async () => {
  folder = (await prepare("ml-100k")).out;
  data = await readDataset(folder);
  ids = ["", ...(await readUsers(folder)).map(({ id }) => id)];
});
afterAll(removeFolders);

const foldOf = (fold: number, folds = 5): SplitColumns =>
  splitByUsers(data, ids, { by: "users", folds, fold });
const usersOf = (rows: Int32Array): Set<number> =>
  new Set(Array.from(rows, (row) => data.interactionUser[row]!));
const position = (row: number): number => row - data.offsets[data.interactionUser[row]!]!;

describe("a split of ML-100K by users", () => {
  it("tests every user with samples in exactly one fold, with all of them", () => {
    const all = Array.from(data.interactionUser.keys()).filter((row) => position(row) >= 11);
    const tested = [1, 2, 3, 4, 5].flatMap((fold) => [...foldOf(fold).test]);
    expect(tested.sort((a, b) => a - b)).toEqual(all);
    const sizes = [1, 2, 3, 4, 5].map((fold) => usersOf(foldOf(fold).test).size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it.each([1, 2, 3, 4, 5])("trains on nobody who is tested or held out: fold %i", (fold) => {
    const { train, valid, test, split } = foldOf(fold);
    const held = new Set(valid);
    const trained = usersOf(train.filter((row) => !held.has(row)));
    const [picking, testing] = [usersOf(valid), usersOf(test)];
    for (const user of [...picking, ...testing]) expect(trained.has(user)).toBe(false);
    for (const user of testing) expect(picking.has(user)).toBe(false);
    expect(picking.size).toBe(Math.floor((trained.size + picking.size) / 10));
    expect(Math.min(...[...train, ...test].map(position))).toBe(11);
    for (let user = 1; user <= data.users; user++) {
      const length = data.offsets[user + 1]! - data.offsets[user]!;
      const own = !picking.has(user) && !testing.has(user);
      expect([user, split[user]]).toEqual([user, own ? length - 1 : -1]);
    }
  });

  it("is equal on every machine", () => {
    const first = [...usersOf(foldOf(1).test)].slice(0, 8).map((user) => ids[user]);
    expect(first).toMatchInlineSnapshot(`
      [
        "5",
        "8",
        "14",
        "17",
        "28",
        "29",
        "31",
        "39",
      ]
    `);
  });

  it("does not depend on what happened after a user's first samples", () => {
    const changed = { ...data, interactionRating: data.interactionRating.map((r) => 6 - r) };
    expect(splitByUsers(changed, ids, { by: "users", folds: 5, fold: 2 })).toEqual(foldOf(2));
  });

  it("shows no prompt a rater who is not trained on, where raters come from training", () => {
    const columns = foldOf(3);
    const held = new Set(columns.valid);
    const trained = usersOf(columns.train.filter((row) => !held.has(row)));
    const prompts = { ...data, ...columns, titles: [] };
    const raters = indexRaters(prompts, "train", 1);
    let found = 0;
    for (let item = 1; item <= data.items; item++) {
      const { liker, disliker } = raters.of(item, null);
      for (const user of [liker, disliker]) {
        if (user === null) continue;
        found++;
        expect(trained.has(user)).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(1000);
    // By time, users of the fold are among them: the split makes the difference.
    const byTime = indexRaters({ ...data, titles: [] }, "train", 1);
    const all = Array.from({ length: data.items }, (_, i) => byTime.of(i + 1, null).liker);
    expect(all.some((user) => user !== null && !trained.has(user))).toBe(true);
  });

  it("is an artifact that stands in the place of the data set's own split", async () => {
    const request = splitStage({ by: "users", folds: 5, fold: 4 }, {} as StageRequest);
    const inputs = { dataset: folder };
    const { out, result } = await runStage({
      runner: splitRunner,
      params: request.params,
      inputs,
    });
    const read = await readDataset(folder, out);
    expect(read).toEqual({ ...data, ...foldOf(4) });
    expect(result!.metrics).toMatchObject({
      "test.users": usersOf(read.test).size,
      "test.samples": read.test.length,
      "valid.samples": read.valid.length,
    });
  });

  it("is refused where a fold or the validation would be empty", async () => {
    const params = { by: "users", folds: 1000, fold: 1000 } as const;
    const { error } = await runStage({ runner: splitRunner, params, inputs: { dataset: folder } });
    expect(error?.message).toMatch(
      /of \d+ users with samples none is left for test with 1000 folds/,
    );
  });
});

describe("dataset.split", () => {
  const cellsOf = (document: JsonObject) =>
    experimentOf(JSON.stringify({ name: "t", backbone: "din", ...document }), science).cells;
  const stagesOf = (settings: JsonObject): Map<string, StageRequest> => {
    const found = new Map<string, StageRequest>();
    const visit = (stage: StageRequest): void => {
      found.set(stage.runner, stage);
      Object.values(stage.inputs).forEach(visit);
    };
    visit(science.plan(settings, { folder: "/" }));
    return found;
  };
  const knowledge = { variant: "r4ec", teacher: { model: "t", base_url: "http://127.0.0.1:1" } };
  const ofFold = (fold: number, more: JsonObject = {}): Map<string, StageRequest> => {
    const split = { by: "users", fold };
    const dataset = { id: "ml-100k", split };
    return stagesOf(cellsOf({ dataset, knowledge: { ...knowledge, ...more } })[0]!.settings);
  };

  it("by time is what it was: one cell, whatever way it is written", () => {
    const of = (dataset: JsonObject | string) => cellsOf({ dataset })[0]!;
    const { id, settings } = of("ml-100k");
    for (const split of ["time", { by: "time" }]) {
      expect(of({ id: "ml-100k", split }).id).toBe(id);
    }
    // Folds that nothing reads are a mistake.
    expect(() => of({ id: "ml-100k", split: { by: "time", folds: 3 } })).toThrow(
      "dataset.split.folds has no effect",
    );
    expect([...stagesOf(settings).keys()]).toEqual(["ctr", "dataset"]);
  });

  it("by users means five folds, the first of which is tested", () => {
    const [cell, ...more] = cellsOf({ dataset: { id: "ml-100k", split: "users" } });
    expect(more).toEqual([]);
    expect(cell!.settings["dataset"]).toMatchObject({ split: { by: "users", folds: 5, fold: 1 } });
    expect(stagesOf(cell!.settings).get("split")!.params).toEqual({
      by: "users",
      folds: 5,
      fold: 1,
    });
  });

  it("has its fold as an axis", () => {
    const dataset = { id: "ml-100k", split: "users" };
    const sweep = { grid: { "dataset.split.fold": [1, 2, 3, 4, 5] } };
    expect(new Set(cellsOf({ dataset, sweep }).map(({ id }) => id)).size).toBe(5);
  });

  it("costs no text and no fine-tune twice: only the CTR stage follows from the fold", () => {
    const [one, two] = [ofFold(1), ofFold(2)];
    expect([...one.keys()]).toContain("finetune");
    for (const [runner, stage] of one) {
      if (runner === "ctr" || runner === "split") continue;
      expect([runner, stage]).toEqual([runner, two.get(runner)]);
    }
    expect(one.get("ctr")).not.toEqual(two.get("ctr"));
  });

  it("decides texts and teacher only where raters come from training positions", () => {
    const one = ofFold(1, { item_raters: "train" });
    for (const runner of ["think", "reflect", "refine", "teach-think", "teach-review"]) {
      expect([runner, one.get(runner)!.inputs["split"]?.params]).toEqual([
        runner,
        { by: "users", folds: 5, fold: 1 },
      ]);
    }
  });

  it("refuses a fold that there is none of, and folds without a split by users", () => {
    expect(() => cellsOf({ dataset: { id: "ml-100k", split: { fold: 2 } } })).toThrow(/needs by/);
    const sweep = { grid: { "dataset.split.by": ["users"], "dataset.split.fold": [1, 2] } };
    expect(cellsOf({ dataset: "ml-100k", sweep })).toHaveLength(2);
    const dataset = { id: "ml-100k", split: { by: "users", folds: 3, fold: 4 } };
    expect(() => cellsOf({ dataset })).toThrow(/there is no fold 4: the folds are 1 to 3/);
  });
});
