import { rm } from "node:fs/promises";
import { join } from "node:path";
import { packageFile } from "../../src/base/package.js";
import { measure } from "../engine/commands.js";
import { alone, paired, times, type Row } from "../engine/paired.js";

/** How the sweep is measured. */
export interface AccuracyOptions {
  /** For its files. */
  readonly folder: string;
  /** A Python, which measures. */
  readonly python: string;
  readonly rounds: number;
  /** Backbones that take part; empty: all. */
  readonly backbones: readonly string[];
  /** Another compiled checkout, whose r4ec runs the same spec in turns with ours; null: none. */
  readonly against: string | null;
}

/** The r4ec of a checkout. */
const programIn = (checkout: string): string => join(checkout, "bin", "r4ec.js");

/** experiments/accuracy.yaml on CPUs from an empty store to its end, alone or beside another checkout's r4ec. */
export async function accuracyRow({
  backbones,
  against,
  rounds,
  ...measuring
}: AccuracyOptions): Promise<Row> {
  const spec = packageFile("experiments/accuracy.yaml");
  const part = backbones.length === 0 ? [] : [`sweep.grid.backbone=${JSON.stringify(backbones)}`];
  const stores: string[] = [];
  const command = (program: string, name: string): string[] => {
    const store = join(measuring.folder, name);
    stores.push(store);
    const options = ["--store", store, "--gpus", "none", "--mlflow-uri", "off"];
    return [process.execPath, program, "sweep", spec, ...part, ...options];
  };
  const empty = async (): Promise<void> => {
    for (const store of stores) await rm(store, { recursive: true, force: true });
  };
  const what = `accuracy, ${backbones.length === 0 ? "all backbones" : backbones.join(", ")}`;
  const ours = command(packageFile("bin/r4ec.js"), "store");
  const { folder } = measuring;
  if (against === null) {
    const run = async () => {
      await empty();
      return measure(measuring, folder, ours);
    };
    return alone(what, await times(rounds, run));
  }
  const other = command(programIn(against), "store-other");
  return paired(what, rounds, measuring, ours, other, folder, empty);
}
