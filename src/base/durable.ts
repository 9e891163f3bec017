import { closeSync, constants, fsyncSync, openSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { draftOf } from "./draft.js";
import { isErrno } from "./errno.js";
import { openFolder, openFolderSync } from "./folder.js";

/** Makes the entries of a folder durable: names created, renamed or removed in it so far. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, constants.O_RDONLY);
  } catch (error) {
    // Windows cannot open folders; there is nothing to do then.
    if (isErrno(error, "EPERM", "EISDIR")) return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse it.
    if (!isErrno(error, "EINVAL", "ENOTSUP", "EPERM")) throw error;
  } finally {
    await handle.close();
  }
}

/** {@link syncFolder} without giving way to anything else of this process. */
export function syncFolderSync(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, constants.O_RDONLY);
  } catch (error) {
    if (isErrno(error, "EPERM", "EISDIR")) return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!isErrno(error, "EINVAL", "ENOTSUP", "EPERM")) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** {@link makeFolder} without giving way to anything else of this process. */
export function makeFolderSync(folder: string): void {
  for (const parent of parentsOfNew(folder, openFolderSync(folder))) syncFolderSync(parent);
}

/** The folders in which a call of {@link openFolder} made others, the innermost first. */
function parentsOfNew(folder: string, first: string | undefined): string[] {
  const parents: string[] = [];
  if (first === undefined) return parents;
  let current = path.resolve(folder);
  const stop = path.dirname(first);
  while (current !== stop && current !== path.dirname(current)) {
    current = path.dirname(current);
    parents.push(current);
  }
  return parents;
}

/**
 * {@link openFolder} whose new folders survive a crash: every parent of a new folder is synced.
 * Rejects with the system's error for the folder that cannot be made.
 */
export async function makeFolder(folder: string): Promise<void> {
  for (const parent of parentsOfNew(folder, await openFolder(folder))) await syncFolder(parent);
}

/** {@link writeDurable} where the file holds something else, or is not there. */
export async function keepDurable(file: string, content: string): Promise<void> {
  const before = await readFile(file, "utf8").catch(() => null);
  if (before !== content) await writeDurable(file, content);
}

/**
 * Writes a file so that a reader, or a crash at any moment, sees the old content or the new one,
 * never a part: written beside it, synced, renamed over it, folder synced.
 */
export async function writeDurable(file: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  await makeFolder(folder);
  const draft = draftOf(file);
  try {
    const handle = await open(draft, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    // What cannot be removed now either is taken later by its name.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}
