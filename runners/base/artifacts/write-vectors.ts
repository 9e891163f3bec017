import { writeFile } from "node:fs/promises";
import path from "node:path";
import { writeNpy } from "../files/write-npy.js";
import type { Side } from "./knowledge.js";
import { SIDES } from "./knowledge.js";
import type { EmbeddingFile, SideVectors, Vectors } from "./vectors.js";
import { VECTOR_FILES } from "./vectors.js";

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
  await writeFile(path.join(folder, VECTOR_FILES.info), `${JSON.stringify(info, null, 2)}\n`);
}

/** Writes the vectors of one side alone: the other side of such an artifact is text. */
export async function writeSideVectors(
  folder: string,
  side: Side,
  { width, numbers }: Pick<SideVectors, "width" | "numbers">,
): Promise<void> {
  await writeNpy(path.join(folder, VECTOR_FILES[side]), numbers, [numbers.length / width, width]);
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
