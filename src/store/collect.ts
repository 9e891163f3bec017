import { lstat, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { draftState } from "../base/draft.js";
import { isErrno } from "../base/errno.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { deadLocks, lockHolder, removeDeadLock, tryLock } from "../base/lock.js";
import { removeFolder } from "./artifact.js";
import { isDeadDraft } from "./garbage.js";
import type { Store } from "./store.js";
import { namesIn } from "./store.js";

/** Something in a store that is not needed any more. */
export interface Garbage {
  readonly kind: "staging" | "work" | "quarantine" | "lock" | "draft" | "artifact" | "statistics";
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * What can be taken out of a store: staging folders of dead makers, work folders of finished
 * stages, damaged artifacts, locks and drafts of the dead, statistics of artifacts that are gone;
 * and, where `keep` is given, artifacts, their statistics and work folders of stages that it does not hold.
 * What is being made now is never among them.
 */
export async function findGarbage(
  store: Store,
  keep: ReadonlySet<Fingerprint> | null,
): Promise<Garbage[]> {
  const found: Garbage[] = [];
  const add = async (kind: Garbage["kind"], place: string): Promise<void> => {
    found.push({ kind, path: place, size: await sizeOf(place) });
  };
  const inFolder = (name: string): string => path.join(store.folder, name);
  const held = async (fingerprint: string): Promise<boolean> =>
    (await lockHolder(store.lockFile(fingerprint as Fingerprint))) !== null;
  for (const name of await namesIn(inFolder("staging"))) {
    if (!(await held(name.split(".")[0]!)))
      await add("staging", path.join(inFolder("staging"), name));
  }
  for (const name of await namesIn(inFolder("work"))) {
    const fingerprint = name as Fingerprint;
    const useless =
      (keep !== null && !keep.has(fingerprint)) ||
      (await store.inspect(fingerprint)).state === "sound";
    if (useless && !(await held(name))) await add("work", path.join(inFolder("work"), name));
  }
  for (const name of await namesIn(inFolder("quarantine"))) {
    await add("quarantine", path.join(inFolder("quarantine"), name));
  }
  await eachFolder(store.folder, async (folder, names) => {
    const isLock = folder === inFolder("locks") ? () => true : isNamedLock;
    for (const name of await deadLocks(folder, isLock)) {
      if (draftState(name) === "none") await add("lock", path.join(folder, name));
    }
    for (const name of names) {
      const file = path.join(folder, name);
      if (draftState(name) !== "none" && (await isDeadDraft(file))) await add("draft", file);
    }
  });
  if (keep !== null) {
    for await (const fingerprint of store.fingerprints()) {
      if (keep.has(fingerprint) || (await held(fingerprint))) continue;
      await add("artifact", store.artifactFolder(fingerprint));
    }
  }
  const leaving = new Set(found.map((one) => one.path));
  for (const group of await namesIn(inFolder("statistics"))) {
    for (const name of await namesIn(path.join(inFolder("statistics"), group))) {
      const fingerprint = name.split(".")[0] as Fingerprint;
      if (draftState(name) !== "none") continue;
      const useless =
        leaving.has(store.artifactFolder(fingerprint)) ||
        (await store.inspect(fingerprint)).state === "absent";
      if (useless && !(await held(fingerprint))) {
        await add("statistics", path.join(inFolder("statistics"), group, name));
      }
    }
  }
  return found;
}

/** Removes garbage; what a process has begun to use since is left. */
export async function removeGarbage(store: Store, garbage: readonly Garbage[]): Promise<void> {
  for (const { kind, path: place } of garbage) {
    if (kind === "quarantine") {
      await removeFolder(place);
      continue;
    }
    if (kind === "draft") {
      if (await isDeadDraft(place)) await rm(place, { force: true });
      continue;
    }
    if (kind === "lock") {
      await removeDeadLock(place);
      continue;
    }
    const fingerprint = path.basename(place).split(".")[0] as Fingerprint;
    const taken = await tryLock(store.lockFile(fingerprint), "collect garbage");
    if ("holder" in taken) continue;
    try {
      await removeFolder(place);
    } finally {
      await taken.lock.release();
    }
  }
}

/** Locks that do not stand in the folder of locks: of sweeps, of tracking, of MLflow's server. */
const isNamedLock = (name: string): boolean =>
  /^(?:lock|[a-z-]+\.lock)(?:\..+\.break)?$/.test(name);

/** Folders of a store that are looked through for drafts and locks of the dead; others go as a whole. */
const PASSED_OVER: ReadonlySet<string> = new Set(["staging", "quarantine"]);

/** Visits a store's folders with the names of what is no folder in them. */
async function eachFolder(
  root: string,
  visit: (folder: string, names: readonly string[]) => Promise<void>,
): Promise<void> {
  const look = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    });
    await visit(
      folder,
      entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name),
    );
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      if (folder === root && PASSED_OVER.has(entry.name)) continue;
      await look(path.join(folder, entry.name));
    }
  };
  await look(root);
}

async function sizeOf(place: string): Promise<number> {
  const info = await lstat(place).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return info.size;
  let size = 0;
  for (const name of await readdir(place)) size += await sizeOf(path.join(place, name));
  return size;
}
