import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../../../src/base/fingerprint.js";
import { engineOf } from "../../../../../src/commands/engine.js";
import type { Engine } from "../../../../../src/contract/engine.js";
import { Store, type Manifest } from "../../../../../src/store/index.js";
import { science } from "../../../../../runners/registry.js";
import { formatManifest } from "../../../../../src/store/manifest.js";
import { program } from "../../../../../runners/stages/ctr/program.js";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { exportModel } from "../../../../../runners/stages/ctr/serve/export.js";
import { scoreFile, scoreSplit } from "../../../../../runners/stages/ctr/serve/score.js";
import {
  openDataset,
  openTrained,
  type TrainedCell,
} from "../../../../../runners/stages/ctr/serve/trained.js";
import { readDataset } from "../../../../../runners/base/artifacts/dataset.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { writeNpy } from "../../../../../runners/base/files/write-npy.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { samplesOf, scoresOf } from "./exported.js";
import { Scratch, stageOf, TestTask } from "./task.js";

const scratch = new Scratch();
const store = new Store(join(scratch.path, "store"));
let engine: Engine;
const fingerprintOf = (name: string): Fingerprint =>
  createHash("sha256").update(name).digest("hex") as Fingerprint;
const folders = {
  dataset: store.artifactFolder(fingerprintOf("dataset")),
  embed: store.artifactFolder(fingerprintOf("embed")),
};

/** Puts what a runner left into the store as the engine does: with a manifest of all files. */
async function seal(
  folder: string,
  name: string,
  inputs: Record<string, Fingerprint>,
): Promise<void> {
  const files = readdirSync(folder)
    .sort()
    .map((path) => {
      const bytes = readFileSync(join(folder, path));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { path, sha256, size: bytes.length };
    });
  const manifest: Manifest = {
    format: "r4ec-artifact/1",
    fingerprint: fingerprintOf(name),
    runner: name.startsWith("ctr") ? "ctr" : name,
    version: 1,
    label: name,
    params: {},
    inputs,
    sources: {},
    metrics: {},
    marks: {},
    created: new Date(0).toISOString(),
    seconds: 0,
    files,
  };
  writeFileSync(join(folder, "manifest.json"), formatManifest(manifest));
}

interface Trained {
  readonly cell: TrainedCell;
  readonly predictions: Float32Array;
}

const made = new Map<string, Promise<Trained>>();

/** A cell of a backbone, trained once. */
function train(backbone: string): Promise<Trained> {
  if (!made.has(backbone)) made.set(backbone, trainOnce(backbone));
  return made.get(backbone)!;
}

async function trainOnce(backbone: string): Promise<Trained> {
  const stage = stageOf({
    backbone,
    knowledge: true,
    ctr: { batch_size: 256, epochs: 1, history_length: 15 },
  });
  const task = new TestTask(stage, folders, scratch.folder(), scratch.folder());
  await program.run([task]);
  const name = `ctr ${backbone}`;
  const folder = store.artifactFolder(fingerprintOf(name));
  await mkdir(folder, { recursive: true });
  await cp(task.out, folder, { recursive: true });
  await seal(folder, name, { dataset: fingerprintOf("dataset"), embed: fingerprintOf("embed") });
  const { data } = await readNpy(join(folder, "predictions.npy"));
  const beginning = fingerprintOf(name).slice(0, 12);
  return { cell: await openTrained(engine, beginning), predictions: data as Float32Array };
}

beforeAll(async () => {
  engine = await engineOf({ store: store.folder }, science);
  await writeDataset(folders.dataset, small);
  await writeKnowledge(folders.embed, small, 16);
  const lines = (count: number, more: (i: number) => object): string =>
    Array.from(
      { length: count },
      (_, i) => `${JSON.stringify({ index: i + 1, ...more(i + 1) })}\n`,
    ).join("");
  writeFileSync(
    join(folders.dataset, "users.jsonl"),
    lines(small.users, (i) => ({ id: `u${i}` })),
  );
  writeFileSync(
    join(folders.dataset, "items.jsonl"),
    lines(small.items, (i) => ({ id: `i${i}` })),
  );
  await seal(folders.dataset, "dataset", {});
  await seal(folders.embed, "embed", {});
});
afterAll(() => scratch.remove());

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("a trained cell", () => {
  it("scores its own test split as when it was trained, and samples by their ids", async () => {
    const { cell, predictions } = await train("din");
    const again = await scoreSplit(cell, "test");
    expect(again.scores.length).toBe(predictions.length);
    expect(again.strangers).toBe(0);
    expect(largest(again.scores, predictions)).toBeLessThan(1e-6);

    const data = await readDataset(folders.dataset);
    const picked = [0, 7, 99].map((i) => data.test[i]!);
    const file = join(scratch.path, "samples.jsonl");
    const sample = (row: number): object => {
      const start = data.offsets[data.interactionUser[row]!]!;
      const past = Array.from({ length: row - start }, (_, i) => start + i);
      return {
        user: `u${data.interactionUser[row]}`,
        item: `i${data.interactionItem[row]}`,
        history: past.map((one) => ({
          item: `i${data.interactionItem[one]}`,
          rating: data.interactionRating[one],
        })),
      };
    };
    writeFileSync(file, picked.map((row) => JSON.stringify(sample(row))).join("\n"));
    const scored = await scoreFile(cell, file);
    const expected = Float32Array.from([0, 7, 99], (i) => predictions[i]!);
    expect(largest(scored.scores, expected)).toBeLessThan(1e-6);
  });

  it("is refused where the samples name what the data set lacks, with the line", async () => {
    const { cell } = await train("deepfm");
    const file = join(scratch.path, "wrong.jsonl");
    writeFileSync(file, '{"user": "u1", "item": "i1"}\n{"user": "u1", "item": "nothing"}\n');
    await expect(scoreFile(cell, file)).rejects.toThrow(/wrong\.jsonl:2: .*no item nothing/);
    await expect(scoreFile(cell, `${file}.not`)).rejects.toThrow(/no file of samples at/);
  });

  it("scores users it has never seen by the history given, without knowledge of them", async () => {
    const { cell } = await train("din");
    const file = join(scratch.path, "strangers.jsonl");
    const history = [1, 2, 3].map((item) => ({ item: `i${item}`, rating: 4 }));
    const sample = (user: string, more: object): string =>
      `${JSON.stringify({ user, item: "i5", ...more })}\n`;
    const users = ["u1", "nobody", "no one"];
    writeFileSync(file, users.map((user) => sample(user, { history })).join(""));
    const { scores, strangers } = await scoreFile(cell, file);
    expect(strangers).toBe(2);
    expect(scores[2]).toBe(scores[1]);
    expect(scores[1]).not.toBe(scores[0]);
    writeFileSync(file, sample("nobody", { history }) + sample("nobody", {}));
    await expect(scoreFile(cell, file)).rejects.toThrow(
      /strangers\.jsonl:2: .*no user nobody: give the sample a history/,
    );
  });

  describe("with another preparation of its data set", () => {
    interface Change {
      readonly id?: string;
      readonly user?: (index: number) => string;
      readonly item?: (index: number) => string;
    }
    /** The same interactions, items numbered the other way round, with changes. */
    const prepare = async (change: Change): Promise<string> => {
      const folder = scratch.folder();
      await cp(folders.dataset, folder, { recursive: true });
      const own = await readDataset(folder);
      const items = own.interactionItem.map((item) => small.items + 1 - item);
      await writeNpy(join(folder, "interaction_item.npy"), items, [items.length]);
      // What the other preparation says of an item's attributes does not count.
      await writeNpy(join(folder, "item_attributes.npy"), new Int32Array(small.items + 1), [
        small.items + 1,
        1,
      ]);
      const { user = (i) => `u${i}`, item = (i) => `i${i}` } = change;
      const lines = (count: number, idOf: (index: number) => string): string =>
        Array.from({ length: count }, (_, i) => {
          return `${JSON.stringify({ index: i + 1, id: idOf(i + 1) })}\n`;
        }).join("");
      writeFileSync(join(folder, "users.jsonl"), lines(small.users, user));
      const itemOf = (index: number): string => item(small.items + 1 - index);
      writeFileSync(join(folder, "items.jsonl"), lines(small.items, itemOf));
      if (change.id !== undefined) {
        const info = JSON.parse(readFileSync(join(folder, "dataset.json"), "utf8")) as object;
        writeFileSync(join(folder, "dataset.json"), JSON.stringify({ ...info, id: change.id }));
      }
      return folder;
    };

    it("scores its split by raw ids", async () => {
      const { cell, predictions } = await train("din");
      const other = await prepare({ user: (i) => (i === 1 ? "newcomer" : `u${i}`) });
      const { scores, strangers } = await scoreSplit(cell, "test", other);
      const data = await readDataset(folders.dataset);
      const own = data.test.filter((row) => data.interactionUser[row] === 1).length;
      expect(strangers).toBe(own);
      expect(largest(scores.subarray(own), predictions.subarray(own))).toBeLessThan(1e-6);
      expect(largest(scores.subarray(0, own), predictions.subarray(0, own))).toBeGreaterThan(0);
    });

    it("refuses another data set, and items that the cell does not know", async () => {
      const { cell } = await train("din");
      const foreign = await prepare({ id: "foreign" });
      await expect(scoreSplit(cell, "test", foreign)).rejects.toThrow(
        /trained on made-up, whose ids are not those of foreign/,
      );
      const newer = await prepare({ item: (i) => (i === 3 ? "new" : `i${i}`) });
      await expect(scoreSplit(cell, "test", newer)).rejects.toThrow(/has no item new/);
    });

    it("is found by its fingerprint, and a cell is no data set", async () => {
      await train("din");
      expect(await openDataset(engine, fingerprintOf("dataset").slice(0, 10))).toBe(
        folders.dataset,
      );
      await expect(openDataset(engine, fingerprintOf("ctr din"))).rejects.toThrow(
        /is a ctr stage, not a prepared data set/,
      );
    });
  });

  it("is not found under a name that is none", async () => {
    await expect(openTrained(engine, "0123456789")).rejects.toThrow(/no trained cell/);
  });

  for (const backbone of Object.keys(backbones)) {
    it(`gives equal scores as a SavedModel, at any batch size: ${backbone}`, async () => {
      const { cell, predictions } = await train(backbone);
      const folder = scratch.folder();
      const inputs = await exportModel(cell, folder);
      const data = await readDataset(folders.dataset);
      const users = await readNpy(join(folders.embed, "users.npy"));
      const items = await readNpy(join(folders.embed, "items.npy"));
      const vectors = (table: typeof users, ids: readonly number[]): number[][] =>
        ids.map((id) => [...(table.data as Float32Array).subarray(id * 16, (id + 1) * 16)]);
      for (const count of [1, 33]) {
        const rows = [...data.test.subarray(0, count)];
        const past = rows.map((row) => Array.from({ length: 15 }, (_, i) => row - 15 + i));
        const exported = await scoresOf(folder, inputs, {
          ...samplesOf(data, rows, past),
          user_knowledge: vectors(
            users,
            rows.map((row) => data.interactionUser[row]!),
          ),
          item_knowledge: vectors(
            items,
            rows.map((row) => data.interactionItem[row]!),
          ),
        });
        expect(largest(exported, predictions.subarray(0, count))).toBeLessThan(2e-6);
      }
    }, 240_000);
  }
});
