import path from "node:path";
import type { Json } from "../../../src/base/json.js";
import type { Dataset } from "./dataset.js";
import { readDataset, readItems, readUsers } from "./dataset.js";
import { readOwnJsonl } from "../files/jsonl.js";

/** What knowledge is made from: a data set's artifact (docs/artifacts.md) with its texts. */
export interface KnowledgeData extends Omit<Dataset, "attributes"> {
  /** Title by item; null where unknown. */
  readonly titles: readonly (string | null)[];
  /** The data set's own id by user number; [0] is "". */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Attributes as text by item and field; null where unknown. */
  readonly attributes: readonly (readonly (string | null)[])[];
  /** All genres by item, where the data set tells. */
  readonly genres: readonly (readonly string[] | null)[];
}

/** Reads what knowledge is made from out of a data set's artifact. */
export async function readKnowledgeData(folder: string): Promise<KnowledgeData> {
  const items = await readItems(folder);
  const users = await readUsers(folder);
  return {
    ...(await readDataset(folder)),
    titles: [null, ...items.map(({ title }) => title)],
    userIds: ["", ...users.map(({ id }) => id)],
    itemIds: ["", ...items.map(({ id }) => id)],
    attributes: [[], ...items.map(({ attributes }) => attributes)],
    genres: [null, ...items.map(({ genres }) => genres ?? null)],
  };
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

/** Lines of one side of a text artifact, by ascending index. T is what the artifact's stage writes. */
export const readTexts = <T extends Pick<TextLine, "index" | "text"> = TextLine>(
  folder: string,
  side: Side,
): Promise<T[]> => readOwnJsonl<T>(path.join(folder, `${side}.jsonl`));
