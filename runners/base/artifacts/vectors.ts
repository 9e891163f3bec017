import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { readNpy } from "../files/npy.js";
import type { Side } from "./knowledge.js";
import { SIDES } from "./knowledge.js";
import { filledRows } from "./rows.js";

/** Vectors of the users or of the items. */
export interface SideVectors {
  /** Numbers of one vector: D. */
  readonly width: number;
  /**
   * [count + 1, width], row-major: the vector of user or item n is row n. Row 0 is padding. It is
   * zeros, and so is the row of everybody without text.
   */
  readonly numbers: Float32Array;
  /** How many users or items have no text, and so no vector. */
  readonly withoutText: number;
}

/** An artifact of vectors (docs/artifacts.md, embed). */
export interface Vectors {
  /** Where the vectors are from: a model's name, or `file`. */
  readonly model: string;
  readonly users: SideVectors;
  readonly items: SideVectors;
}

/** `embedding.json` as it stands in the file. */
export interface EmbeddingFile {
  readonly model: string;
  readonly user_dimension: number;
  readonly users_without_text: number;
  readonly item_dimension: number;
  readonly items_without_text: number;
}

/** The files of an artifact of vectors. */
export const VECTOR_FILES = {
  info: "embedding.json",
  users: "users.npy",
  items: "items.npy",
} as const;

/** Reads an artifact of vectors. Throws where a file is missing or is not what its form says. */
export async function readVectors(folder: string): Promise<Vectors> {
  const info = JSON.parse(
    await readFile(path.join(folder, VECTOR_FILES.info), "utf8"),
  ) as EmbeddingFile;
  const [users, items] = await Promise.all(SIDES.map((side) => readRows(folder, side)));
  return {
    model: info.model,
    users: { ...users!, withoutText: info.users_without_text },
    items: { ...items!, withoutText: info.items_without_text },
  };
}

/** Vectors of one side out of an artifact, or null where that side is text. */
export async function readSideVectors(folder: string, side: Side): Promise<SideVectors | null> {
  if (!existsSync(path.join(folder, VECTOR_FILES[side]))) return null;
  const rows = await readRows(folder, side);
  // Row 0 is padding: nobody's.
  const count = rows.numbers.length / rows.width - 1;
  return { ...rows, withoutText: count - filledRows(rows).length };
}

async function readRows(
  folder: string,
  side: Side,
): Promise<Pick<SideVectors, "width" | "numbers">> {
  const file = path.join(folder, VECTOR_FILES[side]);
  const { data, shape, dtype } = await readNpy(file);
  if (!(data instanceof Float32Array) || shape.length !== 2) {
    throw new TypeError(`${file} holds ${dtype} [${shape.join(", ")}], not float32 [rows, width]`);
  }
  return { width: shape[1]!, numbers: data };
}
