import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";

/** Folder of the stage's adapter, or null where the base model answers. */
export const adapterFolder = (task: StageTask): string | null => task.inputs["adapter"] ?? null;

/**
 * What the adapter is: the fingerprint of the stage that trained it, or "none". Artifacts name it
 * in their manifest.
 */
export async function adapterIdentity(task: StageTask): Promise<string> {
  const folder = adapterFolder(task);
  if (folder === null) return "none";
  const manifest = path.join(folder, "manifest.json");
  if (!existsSync(manifest)) return path.basename(folder);
  const { fingerprint } = JSON.parse(await readFile(manifest, "utf8")) as { fingerprint: string };
  return fingerprint;
}
