import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readNpy, writeNpy } from "../files/npy.js";
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
interface EmbeddingFile {
  readonly model: string;
  readonly user_dimension: number;
  readonly users_without_text: number;
  readonly item_dimension: number;
  readonly items_without_text: number;
}

const infoPath = (folder: string): string => path.join(folder, "embedding.json");
const sidePath = (folder: string, side: Side): string => path.join(folder, `${side}.npy`);

/** Reads an artifact of vectors. Throws where a file is missing or is not what its form says. */
export async function readVectors(folder: string): Promise<Vectors> {
  const info = JSON.parse(await readFile(infoPath(folder), "utf8")) as EmbeddingFile;
  const [users, items] = await Promise.all(SIDES.map((side) => readRows(folder, side)));
  return {
    model: info.model,
    users: { ...users!, withoutText: info.users_without_text },
    items: { ...items!, withoutText: info.items_without_text },
  };
}

/** Writes an artifact of vectors into a folder that is there. */
export async function writeVectors(folder: string, vectors: Vectors): Promise<void> {
  for (const side of SIDES) await writeSideVectors(folder, side, vectors[side]);
  const info: EmbeddingFile = {
    model: vectors.model,
    user_dimension: vectors.users.width,
    users_without_text: vectors.users.withoutText,
    item_dimension: vectors.items.width,
    items_without_text: vectors.items.withoutText,
  };
  await writeFile(infoPath(folder), `${JSON.stringify(info, null, 2)}\n`);
}

/** Writes the vectors of one side alone: the other side of such an artifact is text. */
export async function writeSideVectors(
  folder: string,
  side: Side,
  { width, numbers }: Pick<SideVectors, "width" | "numbers">,
): Promise<void> {
  await writeNpy(sidePath(folder, side), numbers, [numbers.length / width, width]);
}

/** Vectors of one side out of an artifact, or null where that side is text. */
export async function readSideVectors(folder: string, side: Side): Promise<SideVectors | null> {
  if (!existsSync(sidePath(folder, side))) return null;
  const rows = await readRows(folder, side);
  // Row 0 is padding: nobody's.
  const count = rows.numbers.length / rows.width - 1;
  return { ...rows, withoutText: count - filledRows(rows).length };
}

/** Puts vectors into the rows of a side; all other rows are zeros. */
export function sideVectors(
  count: number,
  width: number,
  vectors: Iterable<readonly [index: number, vector: Float32Array]>,
): SideVectors {
  const numbers = new Float32Array((count + 1) * width);
  let filled = 0;
  for (const [index, vector] of vectors) {
    numbers.set(vector, index * width);
    filled += 1;
  }
  return { width, numbers, withoutText: count - filled };
}

async function readRows(
  folder: string,
  side: Side,
): Promise<Pick<SideVectors, "width" | "numbers">> {
  const file = sidePath(folder, side);
  const { data, shape, dtype } = await readNpy(file);
  if (!(data instanceof Float32Array) || shape.length !== 2) {
    throw new TypeError(`${file} holds ${dtype} [${shape.join(", ")}], not float32 [rows, width]`);
  }
  return { width: shape[1]!, numbers: data };
}
