import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Json } from "../base/json.js";
import { canonicalJson } from "../base/json.js";
import { writeDurable } from "../base/durable.js";

/** What stands in a part's ready.json: renamed into place as the last act of an installation. */
export interface Ready {
  readonly format: 1;
  /**
   * The hash of everything that the part was made from. A part with another recipe is another part.
   */
  readonly recipe: string;
  /** ISO time. */
  readonly made: string;
  /** Facts for people: versions, the compiler used. */
  readonly facts: { readonly [name: string]: string };
  /** Size and sha256 of the files that matter, by path relative to the folder. */
  readonly files: { readonly [file: string]: { readonly size: number; readonly sha256: string } };
}

const FILE = "ready.json";

/** Hash of what a part is made from. */
export const recipeOf = (ingredients: Json): string =>
  createHash("sha256")
    .update("r4ec/toolchain/1\n")
    .update(canonicalJson(ingredients))
    .digest("hex");

/** sha256 of a file, read as a stream. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/**
 * The part's ready.json where it was made by this recipe and its files are there with their sizes;
 * null otherwise. Costs a few stat calls; {@link damagedFiles} compares content.
 */
export async function readReady(folder: string, recipe: string): Promise<Ready | null> {
  const ready = await parseReady(folder);
  if (ready === null || ready.recipe !== recipe) return null;
  for (const [file, expected] of Object.entries(ready.files)) {
    const info = await stat(path.join(folder, file)).catch(() => null);
    if (info === null || info.size !== expected.size) return null;
  }
  return ready;
}

async function parseReady(folder: string): Promise<Ready | null> {
  try {
    const ready = JSON.parse(await readFile(path.join(folder, FILE), "utf8")) as Ready;
    return ready.format === 1 && typeof ready.files === "object" ? ready : null;
  } catch {
    return null;
  }
}

/** Declares a part ready: checksums its files and renames ready.json into place. */
export async function writeReady(
  folder: string,
  recipe: string,
  facts: Ready["facts"],
  files: readonly string[],
): Promise<Ready> {
  const checked: Record<string, { size: number; sha256: string }> = {};
  for (const file of files) {
    const absolute = path.join(folder, file);
    checked[file] = { size: (await stat(absolute)).size, sha256: await sha256Of(absolute) };
  }
  const ready: Ready = { format: 1, recipe, made: new Date().toISOString(), facts, files: checked };
  await writeDurable(path.join(folder, FILE), `${JSON.stringify(ready, null, 2)}\n`);
  return ready;
}

/** Removes the declaration, before the part is made again in its folder. */
export const unready = (folder: string): Promise<void> =>
  rm(path.join(folder, FILE), { force: true });

/** Files of a part whose content is not what it was when the part was made. */
export async function damagedFiles(folder: string, ready: Ready): Promise<string[]> {
  const damaged: string[] = [];
  for (const [file, expected] of Object.entries(ready.files)) {
    const actual = await sha256Of(path.join(folder, file)).catch(() => null);
    if (actual !== expected.sha256) damaged.push(file);
  }
  return damaged;
}
