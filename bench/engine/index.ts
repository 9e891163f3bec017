import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { ExitCode } from "../../src/base/exit.js";
import { formatTable } from "../../src/base/table.js";
import type { Programs } from "./commands.js";
import { bundled, installSnakemake } from "./commands.js";
import type { Row } from "./paired.js";
import { rows } from "./rows.js";

/** A row that has to be named. */
const LONG = "large-run";

const usage = `npm run bench -- engine [ROW...] [--snakemake PATH] [--rounds N] [--runs N] [--cores N] [--folder FOLDER] [--json FILE]
The engine on stages that do next to nothing, beside Snakemake 9 on the same graph in the same run.
Rows: ${Object.keys(rows).join(", ")}. Without a row, all but ${LONG}, which takes minutes.
--snakemake: a program that is there; without it, Snakemake 9 is installed into the folder. --cores: slots of both. --runs: of MLflow.
--folder: where its files are, which stay there.`;

/** Big sweeps: what the engine costs. */
export async function engineBenchmark(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      snakemake: { type: "string" },
      rounds: { type: "string", default: "3" },
      runs: { type: "string", default: "1000" },
      cores: { type: "string", default: String(availableParallelism()) },
      folder: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const names = positionals.length > 0 ? positionals : Object.keys(rows).filter(isUsual);
  const unknown = names.find((name) => rows[name] === undefined);
  if (unknown !== undefined) {
    console.error(`bench: no row ${unknown}; there are ${Object.keys(rows).join(", ")}`);
    process.exitCode = ExitCode.usage;
    return;
  }
  const folder = resolve(values.folder ?? (await mkdtemp(join(tmpdir(), "r4ec-bench-"))));
  await mkdir(folder, { recursive: true });
  try {
    const snakemake = resolve(values.snakemake ?? (await installSnakemake(folder)));
    const programs: Programs = {
      ...{ folder, snakemake, python: join(dirname(snakemake), "python") },
      ...{ r4ec: await bundled(folder), cores: Number(values.cores) },
    };
    const { stdout: version } = await execa(snakemake, ["--version"]);
    const amounts = { rounds: Number(values.rounds), runs: Number(values.runs) };
    const found: Row[] = [];
    for (const name of names) {
      const row = await rows[name]!(programs, amounts);
      found.push(row);
      console.error(`${row.what}: ${row.ours}`);
    }
    const machine = `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, Snakemake ${version}`;
    if (values.json !== undefined)
      await writeFile(values.json, `${JSON.stringify({ machine, rows: found }, null, 2)}\n`);
    const lines = found.map(({ what, ours, other, ratio }) => [what, ours, other, ratio]);
    console.log(`${machine}\n${formatTable(["row", "r4ec", "other", "ratio"], lines)}`);
  } finally {
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

const isUsual = (name: string): boolean => name !== LONG;
