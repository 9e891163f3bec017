import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";

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

/** mkdir -p whose new folders survive a crash: every parent of a new folder is synced. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  let current = path.resolve(folder);
  const stop = path.dirname(path.resolve(first));
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
  const draft = path.join(
    folder,
    `.${path.basename(file)}.${process.pid}.${randomBytes(4).toString("hex")}`,
  );
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
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** True where an error is a system error with one of the codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/**
 * Error codes of a disk, its permissions, or the network under it that failed. Such an error is not
 * a bug; the exit status is 3.
 */
export const isDiskError = (error: unknown): error is NodeJS.ErrnoException =>
  isErrno(
    error,
    ...["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO", "ESTALE", "EMFILE", "ENFILE"],
    ...["ENOTDIR", "EFBIG", "ENAMETOOLONG", "ENODEV", "ENXIO"],
  );
