import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { JsonObject } from "../../../../../src/base/json.js";
import { checkDataset } from "../../../../../runners/stages/dataset/settings.js";
import { newFolder, prepare, type StageOutcome } from "../stage.js";

export { removeFolders } from "../stage.js";

/** A row of interactions. */
export interface Rated {
  readonly user: string;
  readonly item: string;
  readonly rating: string;
  readonly time: string;
}

/**
 * Ratings of six users, 15 each, of 20 items, with times in seconds; the order of rows is not that of
 * times.
 */
export const rated: readonly Rated[] = Array.from({ length: 90 }, (_, n) => {
  const [user, place] = [n % 6, (n * 7) % 15];
  return {
    user: `u${user}`,
    item: String((user * 3 + place) % 20).padStart(3, "0"),
    rating: String(1 + ((user + place * 2) % 5)),
    time: String(1_400_000_000 + user * 1000 + place * 86_400),
  };
});

/** Rows as delimited text under a header. */
export const delimited = (
  rows: readonly Rated[],
  gap = ",",
  header: readonly (keyof Rated)[] = ["user", "item", "rating", "time"],
): string =>
  [header.join(gap), ...rows.map((row) => header.map((name) => row[name]).join(gap)), ""].join(
    "\n",
  );

/** The items of {@link rated}. */
export const itemLines = `item,title,kind\n${Array.from({ length: 20 }, (_, n) => `${String(n).padStart(3, "0")},Title ${n},kind ${n % 3}`).join("\n")}\n`;

/** Writes files into a new folder. */
export async function folderOf(files: {
  readonly [name: string]: string | Buffer;
}): Promise<string> {
  const folder = await newFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** The columns of {@link delimited}. */
export const columns = { user: "user", item: "item", rating: "rating", time: "time" };

/** The settings of a table of ratings in `ratings.csv`, with some of interactions replaced. */
export const tableOf = (interactions: JsonObject = {}, others: JsonObject = {}): JsonObject => ({
  id: "table",
  interactions: { file: "ratings.csv", ...columns, ...interactions },
  label: { above: 3 },
  ...others,
});

/** Prepares a table out of files of a new folder. */
export async function prepared(
  files: { readonly [name: string]: string | Buffer },
  dataset: JsonObject = tableOf(),
): Promise<StageOutcome & { readonly folder: string }> {
  const folder = await folderOf(files);
  return { ...(await prepare(dataset, folder)), folder };
}

/** What the check of a spec finds in the same. */
export async function found(
  files: { readonly [name: string]: string | Buffer },
  dataset: JsonObject,
): Promise<readonly string[]> {
  const findings = checkDataset({ dataset }, { folder: await folderOf(files) });
  return findings.map(({ path, message }) => `${path}: ${message}`);
}

/** sha256 of every file of an artifact. */
export async function sums(folder: string): Promise<{ readonly [file: string]: string }> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const bytes = await readFile(join(folder, name));
        return [name, createHash("sha256").update(bytes).digest("hex")] as const;
      }),
    ),
  );
}
