import { appendFile, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { StageRecord } from "../../../src/contract/records.js";
import { SeenFile } from "../../../src/store/seen.js";
import { Store } from "../../../src/store/index.js";
import { parseWitness, takeWitness } from "../../../src/store/witness.js";

let folder: string;
let store: Store;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-seen-"));
  store = new Store(path.join(folder, "store"));
  file = path.join(folder, "seen");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const recordOf = (digit: string): StageRecord => ({
  ...{ fingerprint: digit.repeat(64) as Fingerprint, runner: "toy", version: 1, label: "toy" },
  ...{ params: { digit }, inputs: {}, files: {} },
});

/** Publishes an artifact of two files, one of them in a folder, and gives the line of its witness. */
async function publish(digit: string): Promise<string> {
  const record = recordOf(digit);
  const staging = store.newStaging(record.fingerprint);
  const { mkdir } = await import("node:fs/promises");
  await mkdir(path.join(staging, "below"));
  await writeFile(path.join(staging, "out.txt"), `made ${digit}`);
  await writeFile(path.join(staging, "below", "more.txt"), digit);
  await store.publish(staging, record, { metrics: { value: 1 } }, 1);
  return store.takeWitness(record.fingerprint)!;
}

const place = (digit: string, ...names: string[]): string =>
  path.join(store.artifactFolder(recordOf(digit).fingerprint), ...names);

/** As a process that begins anew sees an artifact: recalled, then looked at. */
async function recalled(digit: string): Promise<boolean> {
  takeWitness(place(digit));
  await SeenFile.recall(file, store);
  return store.unchanged(recordOf(digit).fingerprint) !== null;
}

const stateOf = async (digit: string): Promise<string> =>
  (await store.inspect(recordOf(digit).fingerprint)).state;

describe("what was seen of artifacts", () => {
  it("holds as long as nothing of them is touched", async () => {
    const lines = [await publish("1"), await publish("2")];
    await writeFile(file, lines.join(""));
    expect(await recalled("1")).toBe(true);
    expect(store.unchanged(recordOf("2").fingerprint)?.metrics).toEqual({ value: 1 });
    expect(store.unchanged(recordOf("3").fingerprint)).toBeNull();
  });

  it.each<[what: string, touch: () => Promise<void>, state: string]>([
    [
      "a file changed in place, with its size and its time as before",
      async () => {
        await writeFile(place("1", "below", "more.txt"), "9");
        await utimes(place("1", "below", "more.txt"), new Date(0), new Date(0));
      },
      "damaged",
    ],
    ["a file removed", () => rm(place("1", "out.txt")), "damaged"],
    ["a file too many", () => writeFile(place("1", "stranger.txt"), ""), "damaged"],
    ["one too many below", () => writeFile(place("1", "below", "stranger"), ""), "damaged"],
    ["its manifest changed", () => appendFile(place("1", "manifest.json"), "x"), "damaged"],
    ["its folder gone", () => rm(place("1"), { recursive: true }), "absent"],
    [
      "its folder replaced by a copy",
      async () => {
        const { cp } = await import("node:fs/promises");
        await cp(place("1"), `${place("1")}.copy`, { recursive: true });
        await rm(place("1"), { recursive: true });
        await rename(`${place("1")}.copy`, place("1"));
      },
      "sound",
    ],
  ])("does not hold of %s", async (_, touch, state) => {
    await writeFile(file, await publish("1"));
    expect(await recalled("1")).toBe(true);
    await touch();
    expect(await recalled("1")).toBe(false);
    expect(await stateOf("1")).toBe(state);
  });

  it("is nothing where its file is torn, damaged, of another version or of another store", async () => {
    const line = await publish("1");
    for (const text of [line.slice(0, -40), line.replace("toy", "tox"), "", "\n{}\n"]) {
      await writeFile(file, text);
      expect(await recalled("1")).toBe(false);
    }
    const read = parseWitness(line.trim())!;
    expect(read.fingerprint).toBe(recordOf("1").fingerprint);
    const { formatSummed } = await import("../../../src/base/summed-line.js");
    const { stamps, manifest } = read.witness;
    const next = formatSummed([2, read.fingerprint, stamps, manifest as never]);
    const foreign = formatSummed([1, recordOf("2").fingerprint, stamps, manifest as never]);
    expect([parseWitness(next.trim()), parseWitness(foreign.trim())]).toEqual([null, null]);
    // A torn line costs no line behind it.
    await writeFile(file, line.slice(0, -40) + line);
    expect(await recalled("1")).toBe(true);
  });

  it("takes what it lacks, and is written anew once most of it is old", async () => {
    await writeFile(file, await publish("1"));
    const fingerprints = ["1", "2"].map((digit) => recordOf(digit).fingerprint);
    const keep = async (): Promise<number> => {
      const seen = await SeenFile.recall(file, store);
      for (const one of fingerprints) await store.inspect(one);
      await seen.keep(fingerprints);
      await seen.close();
      return (await readFile(file, "utf8")).split("\n").filter((line) => line !== "").length;
    };
    await publish("2");
    expect(await keep()).toBe(2);
    expect(await keep()).toBe(2);
    await writeFile(file, (await readFile(file, "utf8")).repeat(3));
    expect(await keep()).toBe(2);
  });
});
