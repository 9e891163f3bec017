import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { draftOf } from "./draft.js";
import { isErrno } from "./errno.js";
import { openFolder } from "./folder.js";

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

/**
 * {@link openFolder} whose new folders survive a crash: every parent of a new folder is synced.
 * Rejects with the system's error for the folder that cannot be made.
 */
export async function makeFolder(folder: string): Promise<void> {
  const first = await openFolder(folder);
  if (first === undefined) return;
  let current = path.resolve(folder);
  const stop = path.dirname(first);
  while (current !== stop && current !== path.dirname(current)) {
    current = path.dirname(current);
    await syncFolder(current);
  }
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
