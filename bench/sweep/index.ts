import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ExitCode } from "../../src/base/exit.js";
import { formatTable } from "../../src/base/table.js";
import { readDataset } from "../../runners/base/artifacts/dataset.js";
import { drawVectors, prepareDataset } from "../ctr/data.js";
import { compileModes } from "../ctr/rows.js";
import { hasTensorFlow } from "../tensorflow.js";
import { accuracyRow } from "./accuracy.js";
import { grids, writeGrid, type Grid } from "./grid.js";
import { writeMl1m } from "./ml1m.js";
import { peerSeconds } from "./peer.js";
import { runSweep, type SweepRun } from "./run.js";

const usage = `npm run bench -- sweep accuracy [--against CHECKOUT] [--rounds N] [--backbones LIST] [--python PATH] [--folder FOLDER] [--json FILE]
experiments/accuracy.yaml on CPUs, from an empty store to its end; --against: in turns with the r4ec of another
checkout, compiled. --backbones dcn,xdeepfm: a part of it. --python: what measures, by default python3.

npm run bench -- sweep [ml-100k|ml-1m] [--caches cold,warm] [--gpus LIST] [--per-card N] [--share N] [--folder FOLDER] [--python PATH] [--modes LIST] [--json FILE]
The paper's grid of 288 cells through r4ec sweep, with an empty store: cold, with no program of XLA kept, and
warm, with those of an earlier run. --folder: where its files are, which stay there; so \`--caches warm\` can run later.
--share 6: one in so many of the settings, to try it. --per-card: resources.ctr_per_gpu. --python: an interpreter
with torch; then the peer of bench/ctr is measured too, as if it trained cell after cell in its best mode.`;

type NamedRun = SweepRun & { readonly cache: string };

/** A whole sweep, end to end, against PyTorch training the same cells one after another. */
export async function sweepBenchmark(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      gpus: { type: "string", default: "auto" },
      caches: { type: "string", default: "cold,warm" },
      folder: { type: "string" },
      "per-card": { type: "string" },
      share: { type: "string", default: "1" },
      python: { type: "string" },
      modes: { type: "string", default: compileModes.join(",") },
      against: { type: "string" },
      backbones: { type: "string", default: "" },
      rounds: { type: "string", default: "1" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [name = "ml-100k"] = positionals;
  const whole = grids[name];
  if (values.help) return console.log(usage);
  if (name === "accuracy") return accuracyBenchmark(values);
  if (whole === undefined) {
    console.error(
      `bench: no grid ${name}; there are ${Object.keys(grids).join(", ")} and accuracy`,
    );
    process.exitCode = ExitCode.usage;
    return;
  }
  if (!(await hasTensorFlow())) return;
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), "r4ec-bench-")));
  try {
    const dataset = await source(name, folder);
    const prepared = await prepareDataset(dataset, join(folder, "prepared"));
    const { users, items, train } = await readDataset(prepared);
    const vectors = await drawVectors(join(folder, "vectors"), { users, items });
    const grid = part({ ...whole, dataset }, Number(values.share));
    const perCard = values["per-card"] === undefined ? null : Number(values["per-card"]);
    const spec = await writeGrid(folder, `grid-${name}`, grid, vectors, perCard);
    const xla = join(folder, "xla");
    process.env["R4EC_XLA_CACHE"] = xla;
    const runs: NamedRun[] = [];
    for (const cache of values.caches.split(",")) {
      const store = join(folder, "store");
      await rm(store, { recursive: true, force: true });
      if (cache === "cold") await rm(xla, { recursive: true, force: true });
      const run = await runSweep(spec, store, values.gpus, train.length);
      runs.push({ cache, ...run });
      console.error(`${name}, ${cache}: ${run.seconds.toFixed(0)} s`);
    }
    const peer =
      values.python === undefined
        ? null
        : await peerSeconds(values.python, values.modes.split(","), runs[0]!, {
            dataset: prepared,
            embed: vectors,
            device: values.gpus === "none" ? "cpu" : "cuda",
          });
    const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
    const told = runs.map(({ passesOf, ...run }) => ({
      ...run,
      shapes: Object.fromEntries(passesOf),
    }));
    if (values.json !== undefined) {
      await writeFile(
        values.json,
        `${JSON.stringify({ machine, name, runs: told, peer }, null, 2)}\n`,
      );
    }
    print(name, runs, peer?.seconds ?? null);
  } finally {
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function accuracyBenchmark(values: {
  readonly against?: string;
  readonly backbones: string;
  readonly rounds: string;
  readonly python?: string;
  readonly folder?: string;
  readonly json?: string;
}): Promise<void> {
  const against = values.against === undefined ? null : resolve(values.against);
  if (against !== null && !existsSync(join(against, "dist", "src"))) {
    console.error(`bench: there is no compiled checkout in ${against}: run npm run build there`);
    process.exitCode = ExitCode.usage;
    return;
  }
  if (!(await hasTensorFlow())) return;
  const folder = resolve(values.folder ?? (await mkdtemp(join(tmpdir(), "r4ec-bench-"))));
  await mkdir(folder, { recursive: true });
  try {
    const row = await accuracyRow({
      folder,
      python: values.python ?? "python3",
      rounds: Number(values.rounds),
      backbones: values.backbones.split(",").filter((name) => name !== ""),
      against,
    });
    const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
    if (values.json !== undefined)
      await writeFile(
        values.json,
        `${JSON.stringify({ machine, load: loadavg()[0], row }, null, 2)}\n`,
      );
    const { what, ours, other, ratio } = row;
    console.log(formatTable(["sweep", "r4ec", "other", "ratio"], [[what, ours, other, ratio]]));
  } finally {
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function source(name: string, folder: string): Promise<Grid["dataset"]> {
  if (name !== "ml-1m") return name;
  const path = join(folder, "ml-1m");
  await writeMl1m(path);
  return { id: "ml-1m", path };
}

/** The grid with one in so many of its rates and decays. */
function part(grid: Grid, share: number): Grid {
  const some = (values: readonly number[]): number[] =>
    values.slice(0, Math.max(1, Math.round(values.length / Math.sqrt(share))));
  return { ...grid, rates: some(grid.rates), decays: some(grid.decays) };
}

function print(name: string, runs: readonly NamedRun[], peer: number | null): void {
  const rows = runs.map((run) => [
    `${name}, ${run.cells} cells, XLA's cache ${run.cache}`,
    run.seconds.toFixed(0),
    (run.passes / 1e6).toFixed(1),
    (run.passes / run.seconds / 1e6).toFixed(2),
    peer === null ? "" : peer.toFixed(0),
    peer === null ? "" : (peer / run.seconds).toFixed(1),
  ]);
  console.log(formatTable(["sweep", "s", "M passes", "M/s", "peer s", "ratio"], rows));
}
