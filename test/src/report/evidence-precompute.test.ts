import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { StageRecord } from "../../../src/contract/records.js";
import { foldJournal } from "../../../src/journal/index.js";
import { EvidencePrecompute } from "../../../src/report/evidence-precompute.js";
import { influenceFile } from "../../../src/statistics/cache.js";
import { Store } from "../../../src/store/index.js";
import { entriesOf, finish, started } from "../../support/journal.js";

let folder: string;
let store: Store;
let precompute: EvidencePrecompute;

/** A science whose reader logs the cells that it reads, and does with them what their name says. */
const SCIENCE = `
import { appendFileSync, existsSync } from "node:fs";
const folder = new URL(".", import.meta.url);
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export const science = { statistics: { version: 1, reader: async () => ({ read: async ({ record }) => {
  const { name } = record.params;
  appendFileSync(new URL("log", folder), name + "\\n");
  if (name === "dies") process.exit(1);
  if (name === "fails") throw new Error("no predictions");
  while (existsSync(new URL(name + ".hold", folder))) await sleep(10);
  return { samples: "s", metrics: {} };
} }) } };
`;

/** Last stages of cells, by name; all have the test split that is named. */
const recordOf = (name: string, split: string): StageRecord => ({
  ...{ fingerprint: Buffer.from(name).toString("hex").padEnd(64, "0") as Fingerprint },
  ...{ runner: "toy", version: 1, label: name, params: { name }, files: {} },
  inputs: { split: Buffer.from(split).toString("hex").padEnd(64, "0") as Fingerprint },
});

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-precompute-"));
  store = new Store(path.join(folder, "store"));
  await writeFile(path.join(folder, "science.mjs"), SCIENCE);
});
afterEach(async () => {
  await precompute.close();
  await rm(folder, { recursive: true, force: true });
});

/** A sweep whose cells all have their artifacts; `hear` tells that one of them has ended. */
async function sweepOf(
  cells: readonly StageRecord[],
  finalStages = cells,
): Promise<{ readonly hear: (one: StageRecord) => void }> {
  for (const record of cells) {
    await store.publish(store.newStaging(record.fingerprint), record, { metrics: {} }, 1);
  }
  const final = new Set(finalStages.map(({ fingerprint }) => fingerprint));
  const scienceModule = pathToFileURL(path.join(folder, "science.mjs")).href;
  precompute = new EvidencePrecompute(final, ["split"], { scienceModule, store: store.folder });
  const hear = ({ fingerprint }: StageRecord): void => {
    const events = [{ ...started, stages: cells, cells: [] } as typeof started];
    const entries = entriesOf([...events, finish(fingerprint, 1)]);
    precompute.hear(entries.at(-1)!, foldJournal(entries)!);
  };
  return { hear };
}

const read = async (): Promise<string[]> =>
  existsSync(path.join(folder, "log"))
    ? (await readFile(path.join(folder, "log"), "utf8")).trimEnd().split("\n")
    : [];
const isKept = ({ fingerprint }: StageRecord): boolean =>
  existsSync(influenceFile(store, fingerprint, 1));
const hold = (name: string): (() => Promise<void>) => {
  const file = path.join(folder, `${name}.hold`);
  writeFileSync(file, "");
  return () => rm(file);
};
const patience = { timeout: 20_000 };

describe("evidence while a sweep runs", () => {
  it("is worked out for each cell that ends, those of one test split after each other, and for no other stage", async () => {
    const [a, b, c, d] = [
      recordOf("a", "one"),
      recordOf("b", "two"),
      recordOf("c", "one"),
      recordOf("d", "two"),
    ];
    const { hear } = await sweepOf([a, b, c, d], [a, b, c]);
    const release = hold("a");
    for (const one of [a, b, c, d]) hear(one);
    await expect.poll(read, patience).toEqual(["a"]);
    await release();
    await expect.poll(() => isKept(b), patience).toBe(true);
    expect(await read()).toEqual(["a", "c", "b"]);
    expect([isKept(a), isKept(c), isKept(d)]).toEqual([true, true, false]);
  });

  it("goes on after a cell that cannot be read", async () => {
    const [bad, good] = [recordOf("fails", "one"), recordOf("good", "one")];
    const { hear } = await sweepOf([bad, good]);
    hear(bad);
    hear(good);
    await expect.poll(() => isKept(good), patience).toBe(true);
    expect(isKept(bad)).toBe(false);
  });

  it("is left to the comparison where its process dies", async () => {
    const [bad, good] = [recordOf("dies", "one"), recordOf("good", "one")];
    const { hear } = await sweepOf([bad, good]);
    hear(bad);
    hear(good);
    await expect.poll(read, patience).toEqual(["dies"]);
    await precompute.close();
    expect([await read(), isKept(good)]).toEqual([["dies"], false]);
  });

  it("ends with the sweep, after the cell at hand", async () => {
    const [first, second] = [recordOf("first", "one"), recordOf("second", "one")];
    const { hear } = await sweepOf([first, second]);
    const release = hold("first");
    hear(first);
    hear(second);
    await expect.poll(read, patience).toEqual(["first"]);
    const closed = precompute.close();
    await release();
    await closed;
    expect([await read(), isKept(first), isKept(second)]).toEqual([["first"], true, false]);
  });
});
