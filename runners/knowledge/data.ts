import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Json, JsonObject } from "../../src/json.js";
import { readJsonl } from "../jsonl.js";
import { readNpy } from "../npy.js";
import type { PromptData } from "../prompts/index.js";

/** What knowledge is made from: a data set's artifact (docs/artifacts.md), as far as it is read. */
export interface KnowledgeData extends PromptData {
  /** The data set's own id by user number; [0] is "". */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Names of the attribute fields: `genre`. */
  readonly attributeFields: readonly string[];
  /** Attributes as text by item and field; null where unknown. */
  readonly attributes: readonly (readonly (string | null)[])[];
  /** All genres by item, where the data set tells. */
  readonly genres: readonly (readonly string[] | null)[];
}

/** Reads what knowledge is made from out of a data set's artifact. */
export async function readKnowledgeData(folder: string): Promise<KnowledgeData> {
  const about = JSON.parse(await readFile(path.join(folder, "dataset.json"), "utf8")) as {
    readonly users: number;
    readonly items: number;
    readonly like_above: number;
    readonly domain: "movie" | "book";
    readonly attribute_fields: readonly string[];
  };
  const integers = async (name: string) =>
    (await readNpy(path.join(folder, `${name}.npy`))).data as Int32Array;
  const items = await rows(path.join(folder, "items.jsonl"), about.items);
  const users = await rows(path.join(folder, "users.jsonl"), about.users);
  return {
    domain: about.domain,
    likeAbove: about.like_above,
    users: about.users,
    items: about.items,
    offsets: await integers("offsets"),
    interactionItem: await integers("interaction_item"),
    interactionRating: await integers("interaction_rating"),
    split: await integers("split"),
    titles: items.map((item) => (item["title"] as string | null | undefined) ?? null),
    userIds: users.map((user) => (user["id"] as string | undefined) ?? ""),
    itemIds: items.map((item) => (item["id"] as string | undefined) ?? ""),
    attributeFields: about.attribute_fields,
    attributes: items.map((item) => (item["attributes"] as (string | null)[] | undefined) ?? []),
    genres: items.map((item) => (item["genres"] as string[] | undefined) ?? null),
  };
}

/** Lines of a table by their index, which starts at 1; [0] is an empty object. */
async function rows(file: string, count: number): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = Array.from({ length: count + 1 }, () => ({}));
  for await (const { value } of readJsonl(file)) {
    const row = value as JsonObject;
    found[row["index"] as number] = row;
  }
  return found;
}

/** One line of a text artifact. */
export interface TextLine {
  /** Number of the user or item. */
  readonly index: number;
  readonly text: string;
  /** What the stage adds: verdict, reflection, history. */
  readonly [more: string]: Json;
}

/** The two sides that knowledge is about, as they are named in files and settings. */
export type Side = "users" | "items";
export const SIDES: readonly Side[] = ["users", "items"];

/** Lines of one side of a text artifact, by ascending index. */
export async function readTexts(folder: string, side: Side): Promise<TextLine[]> {
  const lines: TextLine[] = [];
  for await (const { value } of readJsonl(path.join(folder, `${side}.jsonl`))) {
    lines.push(value as unknown as TextLine);
  }
  return lines;
}
