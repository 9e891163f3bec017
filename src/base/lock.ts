import { randomBytes } from "node:crypto";
import { linkSync, renameSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { draftState } from "./draft.js";
import { isErrno } from "./errno.js";
import type { LockHolder } from "./lock-file.js";
import { draftIn, forgetDraft, readHolder, removeFile, writeDraft } from "./lock-file.js";
import { identityOf, isAlive, killTree } from "./process.js";

/** Environment variable that names the cluster's job that a process runs in. */
export const JOB_VARIABLE = "R4EC_JOB";

/** A holder on another machine is taken for dead if its file was not touched for this time. */
const FOREIGN_PATIENCE_MILLISECONDS = 90_000;
const TOUCH_MILLISECONDS = 10_000;

/** When a foreign holder's file was last seen to change, by this process's clock alone. */
const sightings = new Map<string, { token: string; touched: number; seen: number }>();

/** A lock that this process holds. */
export class Lock {
  #timer: NodeJS.Timeout;
  #holder: LockHolder;

  constructor(
    readonly file: string,
    holder: LockHolder,
  ) {
    this.#holder = holder;
    // Only machines that cannot look up our pid need the touch; one that is missed does no harm.
    this.#timer = setInterval(() => {
      const now = new Date();
      utimes(this.file, now, now).catch(() => undefined);
    }, TOUCH_MILLISECONDS);
    this.#timer.unref();
  }

  /**
   * Makes another process the holder: the lock then lasts as long as that process lives, even
   * where this one dies. This process still releases it.
   */
  async handTo(pid: number, tree: string): Promise<void> {
    const holder = { ...this.#holder, ...identityOf(pid), tree };
    const draft = writeDraft(this.file, holder);
    try {
      renameSync(draft, this.file);
    } catch (error) {
      forgetDraft(draft);
      throw error;
    }
    this.#holder = holder;
  }

  /** Releases the lock. Does nothing if the lock has been lost. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const current = readHolder(this.file);
    if (current !== null && current !== "unreadable" && current.token === this.#holder.token) {
      removeFile(this.file);
    }
  }
}

/**
 * Tries to take a lock once: the lock, or who holds it. Breaks the lock of a dead holder.
 *
 * @param dead says which holders are known to be dead for another reason than their process: a job that
 *   ended on another machine
 */
export async function tryLock(
  file: string,
  purpose: string,
  dead: (holder: LockHolder) => boolean = () => false,
  breaking = 0,
): Promise<{ readonly lock: Lock } | { readonly holder: LockHolder }> {
  const job = process.env[JOB_VARIABLE];
  for (let round = 0; ; round++) {
    const holder: LockHolder = {
      ...identityOf(),
      token: randomBytes(8).toString("hex"),
      purpose,
      tree: null,
      ...(job !== undefined && { job }),
    };
    const draft = await draftIn(file, holder);
    try {
      linkSync(draft, file);
      return { lock: new Lock(file, holder) };
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    } finally {
      forgetDraft(draft);
    }
    const current = readHolder(file);
    if (current === null) continue;
    const token = current === "unreadable" ? "unreadable" : current.token;
    if (current !== "unreadable" && !dead(current) && !(await isStale(file, current)))
      return { holder: current };
    if (round > 100) throw new Error(`the lock ${file} cannot be taken or broken`);
    await breakLock(file, token, current, dead, breaking);
  }
}

/**
 * Takes a dead holder's lock away. Two processes may judge the same lock dead, and one of them may
 * have a new lock in its place before the other acts: so the file goes only under a lock of its
 * own, named after the dead holder's token, and only while it still holds that token. That second
 * lock may be left by a death too, and is broken in the same way.
 */
async function breakLock(
  file: string,
  token: string,
  holder: LockHolder | "unreadable",
  dead: (holder: LockHolder) => boolean,
  depth: number,
): Promise<void> {
  if (depth > 8) throw new Error(`the lock ${file} cannot be broken`);
  const guard = await tryLock(`${file}.${token}.break`, "break a lock", dead, depth + 1);
  if ("holder" in guard) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return;
  }
  try {
    const current = readHolder(file);
    if (current === null) return;
    if ((current === "unreadable" ? "unreadable" : current.token) !== token) return;
    if (holder !== "unreadable" && holder.tree !== null) {
      if (dead(holder) || isAlive(holder) === false) killTree(holder.tree, "SIGKILL");
    }
    removeFile(file);
  } finally {
    await guard.lock.release();
  }
}

async function isStale(file: string, holder: LockHolder): Promise<boolean> {
  const alive = isAlive(holder);
  if (alive !== null) return !alive;
  const info = await stat(file).catch(() => null);
  if (info === null) return false;
  const last = sightings.get(file);
  const now = performance.now();
  if (last === undefined || last.token !== holder.token || last.touched !== info.mtimeMs) {
    sightings.set(file, { token: holder.token, touched: info.mtimeMs, seen: now });
    return false;
  }
  return now - last.seen > FOREIGN_PATIENCE_MILLISECONDS;
}

/** Who holds a lock at the moment; null where nobody alive does. Changes nothing. */
export async function lockHolder(file: string): Promise<LockHolder | null> {
  const holder = readHolder(file);
  if (holder === null || holder === "unreadable") return null;
  return (await isStale(file, holder)) ? null : holder;
}

/** Removes what dead processes left beside a lock that is held now. Its holder does not need that. */
async function removeTraces(file: string): Promise<void> {
  const folder = path.dirname(file);
  const ours = (name: string): boolean => name.startsWith(`${path.basename(file)}.`);
  try {
    for (const name of await deadLocks(folder, (one) => ours(one) && one.endsWith(".break"))) {
      if (ours(name.replace(/^\./, ""))) await removeDeadLock(path.join(folder, name));
    }
  } catch {
    // The next one to take the lock, or gc, removes them.
  }
}

/**
 * Takes a lock, waiting while another process holds it. `waiting` is called once with the first
 * holder met. Rejects with the signal's reason where it aborts first.
 */
export async function waitForLock(
  file: string,
  purpose: string,
  options: { waiting?: (holder: LockHolder) => void; signal?: AbortSignal } = {},
): Promise<Lock> {
  for (let said = false; ;) {
    options.signal?.throwIfAborted();
    const outcome = await tryLock(file, purpose);
    if ("lock" in outcome) {
      await removeTraces(file);
      return outcome.lock;
    }
    if (!said) options.waiting?.(outcome.holder);
    said = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/**
 * Files that locks of dead processes left in a folder, by name: dead locks, those of breaking them,
 * and drafts. What a living process holds is not among them, nor what another machine may hold.
 *
 * @param isLock says which names are locks
 */
export async function deadLocks(
  folder: string,
  isLock: (name: string) => boolean,
): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  });
  const dead: string[] = [];
  for (const name of names) {
    const draft = draftState(name);
    if (draft === "dead") dead.push(name);
    if (draft !== "none" || !isLock(name)) continue;
    if ((await lockHolder(path.join(folder, name))) === null) dead.push(name);
  }
  return dead;
}

/** Removes a dead lock or a dead draft. A lock that somebody has taken since stays. */
export async function removeDeadLock(file: string): Promise<void> {
  const draft = draftState(path.basename(file));
  if (draft === "dead") await rm(file, { force: true });
  if (draft !== "none") return;
  const taken = await tryLock(file, "remove a dead lock");
  if ("lock" in taken) await taken.lock.release();
}
