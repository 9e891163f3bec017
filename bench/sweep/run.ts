import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { packageFile } from "../../src/base/package.js";

/** What came of a sweep. */
export interface SweepRun {
  /** From the start of the command to its end. */
  readonly seconds: number;
  readonly cells: number;
  /** Training samples that passed through models, over all cells and epochs. */
  readonly passes: number;
  /** Per backbone, knowledge and batch size: the passes of those cells. */
  readonly passesOf: ReadonlyMap<string, number>;
}

const program = packageFile("bin/r4ec.js");

/** Names cells of one shape, whose speed is the same. */
export const shapeName = (backbone: string, hea: boolean, batch: number): string =>
  `${backbone} ${hea ? "HEA" : "no knowledge"} ${batch}`;

/** Runs `r4ec sweep` on a spec with an empty store. Throws where it fails. */
export async function runSweep(
  spec: string,
  store: string,
  gpus: string,
  samples: number,
): Promise<SweepRun> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [program, "sweep", spec, "--store", store, "--gpus", gpus, "--mlflow-uri", "off"],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const [status] = (await once(child, "exit")) as [number | null];
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`r4ec sweep ended with status ${status}`);
  const results = execFileSync(
    process.execPath,
    [program, "results", spec, "--store", store, "--json"],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const rows = JSON.parse(results) as readonly { readonly [column: string]: unknown }[];
  const passesOf = new Map<string, number>();
  for (const row of rows) {
    if (row["state"] !== "finished") throw new Error(`${row["name"]} is ${row["state"]}`);
    const [backbone, hea] = [String(row["backbone"]), row["knowledge.variant"] !== "none"];
    const name = shapeName(backbone, hea, Number(row["ctr.batch_size"]));
    passesOf.set(name, (passesOf.get(name) ?? 0) + Number(row["epochs"]) * samples);
  }
  const passes = [...passesOf.values()].reduce((sum, each) => sum + each, 0);
  return { seconds, cells: rows.length, passes, passesOf };
}
