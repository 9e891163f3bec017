import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { draftOf } from "./draft.js";
import { makeFolder } from "./durable.js";
import { isErrno } from "./errno.js";
import type { ProcessIdentity } from "./process.js";

/** What a lock's file says. */
export interface LockHolder extends ProcessIdentity {
  /** Unique to this one taking of the lock. */
  readonly token: string;
  /** What is being done, for people. */
  readonly purpose: string;
  /** Mark of the holder's process tree ({@link killTree}); its orphans die with the lock. */
  readonly tree: string | null;
  /** The cluster's job that the holder runs in, in the words of `JOB_VARIABLE`; left out: in none. */
  readonly job?: string;
}

/**
 * Not synced: no holder outlives a crash of its machine, so that a lock which the crash takes or tears holds
 * nothing any more. Files this small are quicker written than handed to another thread.
 */
export function writeDraft(file: string, holder: LockHolder): string {
  const draft = draftOf(file);
  try {
    writeFileSync(draft, JSON.stringify(holder), { flag: "wx" });
  } catch (error) {
    forgetDraft(draft);
    throw error;
  }
  return draft;
}

/** {@link writeDraft}, in a folder that may not be there yet. */
export async function draftIn(file: string, holder: LockHolder): Promise<string> {
  try {
    return writeDraft(file, holder);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
    await makeFolder(path.dirname(file));
    return writeDraft(file, holder);
  }
}

/** What cannot be removed now is taken later by its name. */
export function forgetDraft(draft: string): void {
  try {
    removeFile(draft);
  } catch {
    // As said.
  }
}

/** Removes a file; nothing where it is not there. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** True for what {@link writeDraft} may have written; anything else is damage. */
function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, start, host, token, purpose, tree, job } = value as Partial<LockHolder>;
  const isTextOrNull = (one: unknown): boolean => one === null || typeof one === "string";
  return (
    Number.isSafeInteger(pid) &&
    pid! > 0 &&
    isTextOrNull(start) &&
    isTextOrNull(tree) &&
    (job === undefined || typeof job === "string") &&
    [host, purpose].every((one) => typeof one === "string") &&
    // It becomes part of a file's name.
    typeof token === "string" &&
    /^[\w-]{1,64}$/.test(token)
  );
}

export function readHolder(file: string): LockHolder | "unreadable" | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
  try {
    const holder: unknown = JSON.parse(text);
    if (isHolder(holder)) return holder;
  } catch {
    // A lock's file appears whole by link(2), so that this is damage, not a moment in between.
  }
  return "unreadable";
}
