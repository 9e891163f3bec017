import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StageRecord } from "../../../src/contract/records.js";
import { fingerprintOf } from "../../../src/base/fingerprint.js";
import { cleanStaging } from "../../../src/store/garbage.js";
import { Store } from "../../../src/store/index.js";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-store-"));
  store = new Store(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const recordOf = (name: string): StageRecord => {
  const identity = { runner: "toy", version: 1, params: { name }, inputs: {}, files: {} };
  return { ...identity, fingerprint: fingerprintOf(identity), label: `toy ${name}` };
};

const result = { metrics: { "test.auc": 0.75 }, marks: { leak: "picked on test" } };

async function make(record: StageRecord): Promise<string> {
  const staging = await store.newStaging(record.fingerprint);
  await writeFile(path.join(staging, "numbers.bin"), Buffer.alloc(5000, 7));
  await writeFile(path.join(staging, "text.txt"), "a text");
  await store.publish(staging, record, result, 1.5);
  return store.artifactFolder(record.fingerprint);
}

describe("an artifact", () => {
  const record = recordOf("one");

  it("stands under its fingerprint with checksums of every file and its results", async () => {
    const artifact = await make(record);
    expect(artifact).toBe(
      path.join(folder, "artifacts", record.fingerprint.slice(0, 2), record.fingerprint),
    );
    const seen = await store.inspect(record.fingerprint);
    if (seen.state !== "sound") throw new Error("not sound");
    expect(seen.manifest).toMatchObject({
      fingerprint: record.fingerprint,
      runner: "toy",
      params: { name: "one" },
      metrics: { "test.auc": 0.75 },
      marks: { leak: "picked on test" },
      seconds: 1.5,
    });
    expect(seen.manifest.files.map(({ path: name, size }) => [name, size])).toEqual([
      ["numbers.bin", 5000],
      ["text.txt", 6],
    ]);
    expect(await readdir(path.join(folder, "staging"))).toEqual([]);
  });

  const damages: { [how: string]: (artifact: string) => Promise<void> } = {
    "a changed byte": async (artifact) => {
      const bytes = Buffer.alloc(5000, 7);
      bytes[4321] = 8;
      await writeFile(path.join(artifact, "numbers.bin"), bytes);
    },
    "a changed byte under the old time of change": async (artifact) => {
      const file = path.join(artifact, "numbers.bin");
      const before = await stat(file);
      const bytes = Buffer.alloc(5000, 7);
      bytes[0] = 8;
      await writeFile(file, bytes);
      await utimes(file, before.atime, before.mtime);
    },
    "a file cut short": (artifact) => truncate(path.join(artifact, "numbers.bin"), 100),
    "a missing file": (artifact) => rm(path.join(artifact, "text.txt")),
    "a folder in a file's place": async (artifact) => {
      await rm(path.join(artifact, "text.txt"));
      await mkdir(path.join(artifact, "text.txt"));
    },
    "a missing manifest": (artifact) => rm(path.join(artifact, "manifest.json")),
    "a manifest that is no JSON": (artifact) =>
      writeFile(path.join(artifact, "manifest.json"), "{"),
    "a changed metric": async (artifact) => {
      const file = path.join(artifact, "manifest.json");
      await writeFile(file, (await readFile(file, "utf8")).replace("0.75", "0.85"));
    },
    "another artifact's manifest": async (artifact) => {
      const other = await make(recordOf("two"));
      const text = await readFile(path.join(other, "manifest.json"), "utf8");
      await writeFile(path.join(artifact, "manifest.json"), text);
    },
  };

  for (const [how, damage] of Object.entries(damages)) {
    it(`with ${how} is not served but put into quarantine`, async () => {
      const artifact = await make(record);
      await damage(artifact);
      const reasons: string[] = [];
      const found = await store.claim(record.fingerprint, (reason) => reasons.push(reason));
      expect(found).toBeNull();
      expect(reasons).toHaveLength(1);
      expect(await store.inspect(record.fingerprint)).toEqual({ state: "absent" });
      expect(await readdir(path.join(folder, "quarantine"))).toHaveLength(1);
      await make(record);
      expect((await store.inspect(record.fingerprint)).state).toBe("sound");
    });
  }

  it.each(["stranger.npy", "below/stranger.txt"])(
    "with %s, which its stage did not write, is not served until that is put aside",
    async (name) => {
      const artifact = await make(record);
      await mkdir(path.dirname(path.join(artifact, name)), { recursive: true });
      await writeFile(path.join(artifact, name), "strange");
      // What file systems and desktops leave is read by nobody.
      await writeFile(path.join(artifact, ".nfs0001"), "");
      const seen = await store.inspect(record.fingerprint);
      expect(seen).toMatchObject({ state: "damaged", strangers: [name] });
      await expect(store.open(record.fingerprint, "the toy")).rejects.toThrow(
        `the toy is damaged: in ${artifact} ${name} lies in it and is not in its manifest`,
      );
      const moved: string[] = [];
      const found = await store.claim(record.fingerprint, (_, movedTo) => moved.push(movedTo));
      expect(found?.fingerprint).toBe(record.fingerprint);
      expect(await readFile(path.join(moved[0]!, name), "utf8")).toBe("strange");
      expect((await store.open(record.fingerprint, "the toy")).folder).toBe(artifact);
    },
  );

  it("copied to another place is read once and then known again", async () => {
    const artifact = await make(record);
    const file = path.join(artifact, "numbers.bin");
    // As a copy does: the same bytes under another inode.
    await writeFile(`${file}.copy`, await readFile(file));
    const { rename } = await import("node:fs/promises");
    await rename(`${file}.copy`, file);
    const before = await readFile(path.join(artifact, ".seal"), "utf8");
    expect((await store.inspect(record.fingerprint)).state).toBe("sound");
    expect(await readFile(path.join(artifact, ".seal"), "utf8")).not.toBe(before);
  });

  it("made twice at once is there once", async () => {
    const [one, two] = await Promise.all([make(record), make(record)]);
    expect(one).toBe(two);
    expect((await store.inspect(record.fingerprint)).state).toBe("sound");
    expect(await readdir(path.join(folder, "staging"))).toEqual([]);
  });

  it("is not made of links", async () => {
    const staging = await store.newStaging(record.fingerprint);
    await symlink("/etc/hostname", path.join(staging, "link"));
    await expect(store.publish(staging, record, result, 1)).rejects.toThrow("link is neither");
    expect((await store.inspect(record.fingerprint)).state).toBe("absent");
  });

  it("takes its work folder away when it stands", async () => {
    const work = await store.openWork(record.fingerprint);
    await writeFile(path.join(work, "checkpoint"), "half");
    await make(record);
    await expect(stat(work)).rejects.toThrow("ENOENT");
  });
});

describe("staging folders", () => {
  it("of dead makers are removed, those of living ones stay", async () => {
    const [dead, living] = [recordOf("dead"), recordOf("living")];
    await store.newStaging(dead.fingerprint);
    const kept = await store.newStaging(living.fingerprint);
    const taken = await store.lock(living.fingerprint, "living");
    expect("lock" in taken).toBe(true);
    expect(await cleanStaging(store)).toHaveLength(1);
    expect(await readdir(path.join(folder, "staging"))).toEqual([path.basename(kept)]);
  });
});
