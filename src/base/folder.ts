import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { isErrno } from "./errno.js";

/** How often a folder is tried that another process removes, or whose parent it removes. */
const ROUNDS = 3;

/**
 * Makes a folder and every parent that is not there, like `mkdir -p`, and gives the first folder
 * that it made, absolute; undefined where all were there. Node's recursive mkdir is not used: for a
 * read-only or full file system it reports ENOENT in place of the cause. Rejects with the system's
 * error for the folder that cannot be made; with ENOTDIR where a file is in the way.
 */
export async function openFolder(folder: string): Promise<string | undefined> {
  const target = path.resolve(folder);
  for (let round = 1; ; round++) {
    try {
      await mkdir(target);
      return target;
    } catch (error) {
      const there = await stat(target).catch(() => null);
      if (there?.isDirectory() === true) return undefined;
      if (mayTryAgain(error, target, there !== null, round)) continue;
    }
    const first = await openFolder(path.dirname(target));
    if (first === undefined) continue;
    await openFolder(target);
    return first;
  }
}

/** {@link openFolder} without giving way to anything else of this process. */
export function openFolderSync(folder: string): string | undefined {
  const target = path.resolve(folder);
  for (let round = 1; ; round++) {
    try {
      mkdirSync(target);
      return target;
    } catch (error) {
      const there = statSync(target, { throwIfNoEntry: false });
      if (there?.isDirectory() === true) return undefined;
      if (mayTryAgain(error, target, there !== undefined, round)) continue;
    }
    const first = openFolderSync(path.dirname(target));
    if (first === undefined) continue;
    openFolderSync(target);
    return first;
  }
}

/** True: try the same folder again. False: make its parent first. Throws where neither helps. */
function mayTryAgain(error: unknown, target: string, occupied: boolean, round: number): boolean {
  if (isErrno(error, "EEXIST")) {
    if (!occupied && round < ROUNDS) return true;
    const message = `ENOTDIR: not a directory, mkdir '${target}'`;
    throw Object.assign(new Error(message, { cause: error }), {
      code: "ENOTDIR",
      syscall: "mkdir",
      path: target,
    });
  }
  const parent = path.dirname(target);
  if (!isErrno(error, "ENOENT") || parent === target || round > ROUNDS) throw error;
  return false;
}
