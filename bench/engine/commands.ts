import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { packageFile } from "../../src/base/package.js";

/** What a command took. */
export interface Took {
  /** Seconds of the clock, and of processors over all its processes. */
  readonly wall: number;
  readonly cpu: number;
  /** The largest resident set of one of its processes. */
  readonly bytes: number;
}

/** What measures commands. */
export interface Measuring {
  /** For its files, and where commands of ours run. */
  readonly folder: string;
  /** A Python, which measures them. */
  readonly python: string;
}

/** The programs that are compared, and where they work. */
export interface Programs extends Measuring {
  readonly snakemake: string;
  readonly r4ec: string;
  /** CPU slots of both. */
  readonly cores: number;
}

/** Runs a command in a folder to its end. Throws with its last words where it fails. */
export async function measure(
  { folder, python }: Measuring,
  cwd: string,
  command: readonly string[],
): Promise<Took> {
  const result = join(folder, "took.json");
  const script = packageFile("bench/engine/measure.py");
  const { all } = await execa(python, [script, result, ...command], { cwd, all: true });
  const { status, ...took } = JSON.parse(await readFile(result, "utf8")) as Took & {
    readonly status: number;
  };
  if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}: ${all.slice(-2000)}`);
  return took;
}

/** `r4ec sweep` over the toy, with tracking off. */
export const sweepCommand = (
  { r4ec, cores }: Programs,
  spec: string,
  store: string,
  ...more: readonly string[]
): string[] => [
  ...[process.execPath, r4ec, "sweep", spec, `resources.cpus=${cores}`, ...more],
  ...["--store", store, "--mlflow-uri", "off"],
];

/** The command line over the toy, made and started as r4ec itself is: its program. */
export async function bundled(folder: string): Promise<string> {
  const entry = fileURLToPath(new URL("./program.js", import.meta.url));
  const { bundle } = (await import(packageFile("scripts/bundle.mjs"))) as {
    bundle(entry: string, out: string): Promise<void>;
  };
  const own = join(folder, "r4ec");
  await mkdir(join(own, "bin"), { recursive: true });
  await mkdir(join(own, "dist"), { recursive: true });
  // What starts r4ec looks for its files beside itself.
  for (const name of ["dist/src", "node_modules", "package.json"]) {
    await rm(join(own, name), { force: true });
    await symlink(packageFile(name), join(own, name));
  }
  await cp(packageFile("bin/r4ec.js"), join(own, "bin", "r4ec.js"));
  await bundle(entry, join(own, "dist", "cli"));
  return join(own, "bin", "r4ec.js");
}

/** Snakemake 9 in an environment of its own, and that environment's Python. */
export async function installSnakemake(folder: string): Promise<string> {
  const environment = join(folder, "snakemake");
  await execa("python3", ["-m", "venv", environment]);
  const pip = join(environment, "bin", "pip");
  await execa(pip, ["install", "--quiet", "snakemake>=9,<10"], { stderr: "inherit" });
  return join(environment, "bin", "snakemake");
}

/** Cells in three axes of which the last are seeds: 10 seeds of 100 values where there are so many. */
function axesOf(cells: number): { readonly [axis: string]: readonly number[] } {
  const seeds = cells >= 1000 ? 10 : 1;
  const b = Math.min(100, cells / seeds);
  const list = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);
  return { "toy.a": list(cells / seeds / b), "toy.b": list(b), seed: list(seeds) };
}

/** Writes the spec of so many cells over one shared stage; gives its path. JSON is YAML. */
export async function writeSpec(folder: string, cells: number, steps = 0): Promise<string> {
  const path = join(folder, `cells-${cells}.yaml`);
  const spec = { name: `cells-${cells}`, toy: { steps }, sweep: { grid: axesOf(cells) } };
  await writeFile(path, JSON.stringify(spec));
  return path;
}

/** Writes the same graph for Snakemake into a folder. */
export async function writeSnakefile(folder: string, cells: number): Promise<void> {
  const text = `rule all:
    input: expand("cells/{i}.txt", i=range(${cells}))
rule base:
    output: "base.txt"
    shell: "echo base > {output}"
rule cell:
    input: "base.txt"
    output: "cells/{i}.txt"
    shell: "cat {input} > {output}; echo {wildcards.i} >> {output}"
`;
  await writeFile(join(folder, "Snakefile"), text);
}
