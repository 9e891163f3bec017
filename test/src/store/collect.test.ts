import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draftOf } from "../../../src/base/draft.js";
import type { ProcessIdentity } from "../../../src/base/process.js";
import { identityOf } from "../../../src/base/process.js";
import { findGarbage, removeGarbage } from "../../../src/store/collect.js";
import { cleanLeftovers } from "../../../src/store/garbage.js";
import { Store } from "../../../src/store/index.js";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-collect-"));
  store = new Store(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const dead: ProcessIdentity = { ...identityOf(), start: "1" };
const far: ProcessIdentity = { pid: 1, start: "1", host: "elsewhere" };
const living = identityOf();

const lockText = (holder: ProcessIdentity, token = "t"): string =>
  JSON.stringify({ ...holder, token, purpose: "test", tree: null });

async function put(file: string, text: string): Promise<string> {
  const place = path.join(folder, file);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, text);
  return place;
}

const draft = (file: string, writer: ProcessIdentity): Promise<string> =>
  put(path.relative(folder, draftOf(path.join(folder, file), writer)), "half");

const fingerprint = (digit: string): string => digit.repeat(64);

/** Everything below the store, folders left out. */
async function filesLeft(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => path.join(entry.parentPath, entry.name)).sort();
}

/** What locks and drafts can leave in the folder of locks: what must go, and what must stay. */
async function plantLocks(): Promise<{ gone: string[]; kept: string[] }> {
  const [one, two, three, four] = ["1", "2", "3", "4"].map((each) => `locks/${fingerprint(each)}`);
  return {
    gone: [
      await put(one!, lockText(dead, "a")),
      await put(`${one}.a.break`, lockText(dead, "b")),
      await put(`${one}.a.break.b.break`, lockText(dead, "c")),
      await put(`${two}.gone.break`, lockText(dead)),
      await put(three!, "not JSON"),
      await draft(one!, dead),
      await draft(`${one}.a.break`, dead),
    ],
    kept: [
      await put(two!, lockText(living)),
      await put(`${two}.x.break`, lockText(far)),
      await put(four!, lockText(far)),
      await draft(two!, living),
      await draft(four!, far),
    ],
  };
}

describe("what locks of dead processes leave", () => {
  it("goes with gc wherever it lies, and what lives or may live elsewhere stays", async () => {
    const { gone, kept } = await plantLocks();
    gone.push(
      await put("sweeps/0123456789abcdef/lock", lockText(dead)),
      await put("sweeps/0123456789abcdef/lock.t.break", lockText(dead)),
      await draft("sweeps/0123456789abcdef/spec.yaml", dead),
      await draft("sweeps/0123456789abcdef/plans/0123456789abcdef.json", dead),
      await put("tracking/stages.lock", lockText(dead)),
      await put("mlflow/server.lock", lockText(dead)),
      await draft(`artifacts/55/${fingerprint("5")}/.seal`, dead),
      await draft(`statistics/55/${fingerprint("5")}.bin`, dead),
    );
    const old = await put("sweeps/0123456789abcdef/.name.77.0123abcd", "of an earlier version");
    await utimes(old, 1, 1);
    gone.push(old);
    kept.push(
      await put("sweeps/fedcba9876543210/lock", lockText(far)),
      await put("sweeps/fedcba9876543210/.name.77.0123abcd", "young"),
    );
    const garbage = await findGarbage(store, null);
    expect(garbage.map((one) => one.path).sort()).toEqual(gone.sort());
    await removeGarbage(store, garbage);
    expect(await filesLeft()).toEqual(kept.sort());
    expect(await findGarbage(store, null)).toEqual([]);
  });

  it("is taken by the next sweep, as far as it lies in the folder of locks", async () => {
    const { kept } = await plantLocks();
    await cleanLeftovers(store);
    expect(await filesLeft()).toEqual(kept.sort());
  });

  it("stays where a process took the lock after gc looked", async () => {
    const lock = await put(`locks/${fingerprint("1")}`, lockText(dead));
    const garbage = await findGarbage(store, null);
    await writeFile(lock, lockText(living, "new"));
    await removeGarbage(store, garbage);
    expect(await filesLeft()).toEqual([lock]);
  });
});

describe("the work folder of a stage whose artifact stands", () => {
  it("goes with the next sweep; one that a stage goes on from stays", async () => {
    const record = { runner: "toy", version: 1, params: {}, inputs: {}, files: {}, label: "toy" };
    const made = { ...record, fingerprint: fingerprint("6") as never };
    await store.publish(await store.newStaging(made.fingerprint), made, { metrics: {} }, 1);
    // A kill between the artifact's rename and the removal of the work folder.
    await put(`work/${made.fingerprint}/checkpoint`, "all");
    const kept = await put(`work/${fingerprint("7")}/checkpoint`, "half");
    await cleanLeftovers(store);
    expect(await readdir(path.join(folder, "work"))).toEqual([fingerprint("7")]);
    expect(await filesLeft()).toContain(kept);
  });
});
