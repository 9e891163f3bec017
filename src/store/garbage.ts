import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import { removeFolder } from "./artifact.js";
import { lockHolder } from "../base/lock.js";
import type { Store } from "./store.js";
import { namesIn } from "./store.js";

/**
 * Removes staging folders whose makers are gone: whoever fills one holds the fingerprint's lock,
 * so that one without a living holder is garbage. Gives the folders removed.
 */
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
