import { rm, stat } from "node:fs/promises";
import path from "node:path";
import { draftState } from "../base/draft.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { deadLocks, lockHolder, removeDeadLock } from "../base/lock.js";
import { removeFolder } from "./artifact.js";
import type { Store } from "./store.js";
import { namesIn } from "./store.js";

/**
 * Removes what killed processes left in a store and nobody will go on with: staging folders, locks
 * and drafts of locks, work folders of stages whose artifacts stand. Whoever uses one of them holds
 * the fingerprint's lock, so that one without a living holder is garbage.
 */
export async function cleanLeftovers(store: Store): Promise<void> {
  await cleanStaging(store);
  const locks = path.join(store.folder, "locks");
  for (const name of await deadLocks(locks, () => true)) {
    await removeDeadLock(path.join(locks, name));
  }
  for (const name of await namesIn(path.join(store.folder, "work"))) {
    const fingerprint = name as Fingerprint;
    if ((await store.manifest(fingerprint)) === null) continue;
    if ((await lockHolder(store.lockFile(fingerprint))) !== null) continue;
    await removeFolder(store.workFolder(fingerprint));
  }
}

/** Removes staging folders whose makers are gone; gives them. */
export async function cleanStaging(store: Store): Promise<string[]> {
  const parent = path.join(store.folder, "staging");
  const removed: string[] = [];
  for (const name of await namesIn(parent)) {
    const fingerprint = name.split(".")[0] as Fingerprint;
    if ((await lockHolder(store.lockFile(fingerprint))) !== null) continue;
    await removeFolder(path.join(parent, name));
    removed.push(path.join(parent, name));
  }
  return removed;
}

/** Age after which a draft of a writer that cannot be asked is garbage, in ms. */
const OLD_DRAFT_MS = 24 * 3600 * 1000;

/**
 * True for a draft that nobody writes any more: its process is gone, or it cannot be asked and has
 * not written for a day.
 */
export async function isDeadDraft(file: string): Promise<boolean> {
  const state = draftState(path.basename(file));
  if (state !== "unknown") return state === "dead";
  const info = await stat(file).catch(() => null);
  return info !== null && Date.now() - info.mtimeMs > OLD_DRAFT_MS;
}

/** Removes drafts of dead processes that stand directly in a folder. */
export async function cleanDrafts(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (draftState(name) === "dead") await rm(path.join(folder, name), { force: true });
  }
}
