import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import { readNpy, writeNpy } from "../files/npy.js";
import type { Side } from "./knowledge.js";
import { SIDES } from "./knowledge.js";
import type { Rows } from "./rows.js";

/** The vectors of users and items: an artifact of embed, own files, center or control. */
export interface Vectors {
  readonly users: Rows;
  readonly items: Rows;
  /** `embedding.json` */
  readonly about: JsonObject;
}

export async function readVectorsArtifact(folder: string): Promise<Vectors> {
  const side = async (name: Side): Promise<Rows> => {
    const { data, shape } = await readNpy(path.join(folder, `${name}.npy`));
    return { width: shape[1]!, numbers: Float32Array.from(data) };
  };
  const about = JSON.parse(
    await readFile(path.join(folder, "embedding.json"), "utf8"),
  ) as JsonObject;
  return { users: await side("users"), items: await side("items"), about };
}

export async function writeVectorsArtifact(folder: string, vectors: Vectors): Promise<void> {
  for (const side of SIDES) {
    const { width, numbers } = vectors[side];
    await writeNpy(path.join(folder, `${side}.npy`), numbers, [numbers.length / width, width]);
  }
  await writeFile(
    path.join(folder, "embedding.json"),
    `${JSON.stringify(vectors.about, null, 2)}\n`,
  );
}
