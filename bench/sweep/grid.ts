import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The eight backbones of the paper's tables. */
const backbones = ["autoint", "dcn", "deepfm", "dien", "din", "fignn", "gru4rec", "xdeepfm"];

/** Which cells the sweep has: backbones × (none, vectors) × batch sizes × rates × decays. */
export interface Grid {
  readonly dataset: string | { readonly id: string; readonly path: string };
  readonly batchSizes: readonly number[];
  readonly rates: readonly number[];
  readonly decays: readonly number[];
  readonly epochs: number;
}

/** The paper's grid on each data set: 8 backbones × 18 settings × none and vectors, 288 cells. */
export const grids: { readonly [name: string]: Omit<Grid, "dataset"> } = {
  "ml-100k": {
    batchSizes: [256, 512, 1024],
    rates: [5e-4, 1e-3, 2e-3],
    decays: [0, 1e-4],
    epochs: 20,
  },
  "ml-1m": {
    batchSizes: [512, 1024],
    rates: [5e-4, 1e-3, 2e-3],
    decays: [0, 1e-5, 1e-4],
    epochs: 12,
  },
};

/**
 * Writes the spec of a grid. JSON is YAML.
 *
 * @param vectors folder with users.npy and items.npy
 * @param cellsPerCard `resources.ctr_per_gpu`, or null for its default
 * @returns its path
 */
export async function writeGrid(
  folder: string,
  name: string,
  grid: Grid,
  vectors: string,
  cellsPerCard: number | null,
): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const spec = {
    name,
    dataset: grid.dataset,
    knowledge: {
      file: { users: join(vectors, "users.npy"), items: join(vectors, "items.npy") },
    },
    ctr: { epochs: grid.epochs, patience: 5 },
    sweep: {
      grid: {
        "knowledge.variant": ["none", "file"],
        backbone: backbones,
        "ctr.batch_size": grid.batchSizes,
        "ctr.learning_rate": grid.rates,
        "ctr.weight_decay": grid.decays,
      },
    },
    ...(cellsPerCard !== null && { resources: { ctr_per_gpu: cellsPerCard } }),
  };
  await writeFile(path, JSON.stringify(spec, null, 2));
  return path;
}
