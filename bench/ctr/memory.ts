import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { formatTable } from "../../src/base/table.js";
import { ml1m, writeData } from "./data.js";
import type { PeakWork } from "./peak.js";

/** The most memory that a process may hold that trains one cell of ML-1M's sizes, in bytes. */
const TARGET = 1.5e9;

/** A measured row. */
export interface Peak {
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * The most memory a worker holds (its resident set, by getrusage) that trains and tests DIN for an
 * epoch on data of ML-1M's sizes; prints a table.
 */
export async function memoryBenchmark(): Promise<readonly Peak[]> {
  const folder = await mkdtemp(join(tmpdir(), "r4ec-memory-"));
  const measured: Peak[] = [];
  try {
    const { dataset, embed } = await writeData(folder, ml1m);
    for (const hea of [false, true]) {
      const name = hea ? "din, HEA" : "din, no knowledge";
      const work: PeakWork = {
        params: paramsOf(hea),
        execution: { fuse: "auto", engine: "auto", xla: false },
        inputs: hea ? { dataset, embed } : { dataset },
        folder: join(folder, hea ? "hea" : "none"),
      };
      const { stdout } = await execa(process.execPath, [peakPath, JSON.stringify(work)], {
        stderr: "inherit",
      });
      const last = stdout.trim().split("\n").at(-1)!;
      measured.push({ name, ...(JSON.parse(last) as Omit<Peak, "name">) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const lines = measured.map(({ name, bytes, seconds }) => [
    name,
    `${(bytes / 1e9).toFixed(2)} GB`,
    `${Math.round(seconds)} s`,
  ]);
  console.log(formatTable([`cpu, ML-1M sizes (target ${TARGET / 1e9} GB)`, "peak", "took"], lines));
  return measured;
}

const peakPath = fileURLToPath(new URL("./peak.js", import.meta.url));

const paramsOf = (hea: boolean): PeakWork["params"] => ({
  backbone: "din",
  seed: 1,
  embedding_dim: 32,
  history_length: 5,
  batch_size: 512,
  learning_rate: 1e-3,
  weight_decay: 0,
  dropout: 0,
  clip_norm: 0,
  epochs: 1,
  patience: 5,
  schedule: "cosine",
  warmup: 0,
  mlp: [200, 80],
  adaptor: hea ? { type: "hea", shared_experts: 2, specific_experts: 6, layers: [128, 32] } : null,
  pick: "test",
  options: {},
});
