import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { likeByUser, writeDataset, type Size } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

const scratch = new Scratch();
const size: Size = { users: 150, items: 40, attributes: 4, length: 70 };
const dataset = join(scratch.path, "dataset");
const example = fileURLToPath(new URL("../../../../../docs/examples/nfm.mjs", import.meta.url));
/** A module of the user's own that reads the user's vector, the user's id and the number of users. */
const own = join(scratch.path, "own.mjs");

beforeAll(async () => {
  await writeDataset(dataset, size);
  await likeByUser(dataset, size);
  writeFileSync(
    own,
    `export default { id: "own", description: "d", options: {},
      build(kit, shape) {
        const users = shape.users;
        const rates = users === undefined ? null : kit.embedding("rates", users + 1, 4);
        const width = kit.widths.target + (users === undefined ? 0 : kit.widths.user + 4);
        const head = kit.head(width);
        return (s) => head(kit.concat([s.target, s.user, rates && rates.vector(s.userId)]));
      } };`,
  );
});
afterAll(() => scratch.remove());

async function train(backbone: string, id: boolean): Promise<TestTask> {
  const ctr = { user_id: id, batch_size: 256, epochs: 6, patience: 6, learning_rate: 0.003 };
  const folders = [scratch.folder(), scratch.folder()] as const;
  const task = new TestTask(stageOf({ backbone, ctr }), { dataset }, ...folders);
  await program.run([task]);
  return task;
}

describe("training with the user's id where labels depend on the user alone", () => {
  const all = [
    ...Object.keys(backbones).map((name) => [name, name] as const),
    ["the module of the guide", example] as const,
    ["a module that looks users up by itself", own] as const,
  ];

  it.each(all)("gains from it: %s", { timeout: 120_000 }, async (_name, backbone) => {
    const [without, by] = [await train(backbone, false), await train(backbone, true)];
    // Nothing is said against it: it is traced as any other.
    expect(by.events.filter(({ type }) => type === "note")).toEqual([]);
    const auc = (task: TestTask): number => task.published!.metrics["test.auc"]!;
    expect(auc(by)).toBeGreaterThan(auc(without) + 0.02);
    const counted = (task: TestTask): unknown => task.published!.metrics["unseen.test.users"];
    expect([counted(without), counted(by)]).toEqual([undefined, 0]);
  });
});
