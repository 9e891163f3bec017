import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import { removeFolder } from "./artifact.js";
import { lockHolder, tryLock } from "../base/lock.js";
import type { Store } from "./store.js";
import { namesIn } from "./store.js";

/** Something in a store that is not needed any more. */
export interface Garbage {
  readonly kind: "staging" | "work" | "quarantine" | "lock" | "artifact" | "statistics";
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * What can be taken out of a store: staging folders of dead makers, work folders of finished
 * stages, damaged artifacts, locks of the dead, statistics of artifacts that are gone; and, where
 * `keep` is given, artifacts, their statistics and work folders of stages that it does not hold.
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
  for (const name of await namesIn(inFolder("locks"))) {
    if (name.endsWith(".draft") || name.endsWith(".break")) continue;
    if (!(await held(name))) await add("lock", path.join(inFolder("locks"), name));
  }
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
    const fingerprint = path.basename(place).split(".")[0] as Fingerprint;
    const taken = await tryLock(store.lockFile(fingerprint), "collect garbage");
    if ("holder" in taken) continue;
    try {
      if (kind !== "lock") await removeFolder(place);
    } finally {
      await taken.lock.release();
    }
  }
}

async function sizeOf(place: string): Promise<number> {
  const info = await lstat(place).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return info.size;
  let size = 0;
  for (const name of await readdir(place)) size += await sizeOf(path.join(place, name));
  return size;
}
