import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ExitCode } from "../../src/base/exit.js";
import { formatTable } from "../../src/base/table.js";
import { rewritesWithout } from "../../runners/stages/ctr/rewrites/index.js";
import { hasTensorFlow } from "../tensorflow.js";
import { ml100kData } from "./data.js";
import { memoryBenchmark } from "./memory.js";
import { compileModes, rowsOf, type Row } from "./rows.js";
import { MeasuredProcess } from "./measured-process.js";

/** A measured row of the table. */
export interface Measured {
  readonly name: string;
  /** Median model-samples a second: ours, and what ours is compared with. */
  readonly ours: number;
  readonly other: number;
  readonly otherName: string;
  /** Median, over the rounds, of ours / other in that round. */
  readonly ratio: number;
  readonly ratios: readonly number[];
  /** Seconds until the first window: loading, tracing, compiling. */
  readonly readySeconds: { readonly ours: number; readonly other: number };
}

const usage = `npm run bench -- ctr [ROW...] [--python PATH] [--rounds N] [--seconds N] [--device cpu|cuda] [--modes eager,default,reduce-overhead] [--json FILE] [--dataset FOLDER] [--without REWRITE]... [--against CHECKOUT]
Every row compares two programs that work in turns, window by window, in one run. --python: an
interpreter with torch, for the rows against PyTorch. --dataset: ML-100K's artifact, where it can't be
fetched. --without: a rewrite of the engine to switch off, in both programs where both are ours. --against: another
checkout, compiled, whose engine is the other program of every row: what a change of the code gains or costs.
Without npm: node dist/bench/index.js ctr.
npm run bench -- ctr memory: the most memory that one cell of ML-1M's sizes takes.`;

/** Training and scoring speed of the CTR engine against PyTorch, itself eager, and itself alone. */
export async function ctrBenchmark(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      python: { type: "string", default: "python3" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      device: { type: "string", default: "cpu" },
      modes: { type: "string", default: compileModes.join(",") },
      json: { type: "string" },
      dataset: { type: "string" },
      without: { type: "string", multiple: true, default: [] },
      against: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.against !== undefined && !existsSync(measureIn(values.against))) {
    console.error(
      `bench: there is no compiled checkout in ${values.against}: run npm run build there`,
    );
    process.exitCode = ExitCode.usage;
    return;
  }
  try {
    rewritesWithout(values.without);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exitCode = ExitCode.usage;
    return;
  }
  if (!(await hasTensorFlow())) return;
  if (positionals[0] === "memory") return void (await memoryBenchmark());
  const device = values.device === "cuda" ? "cuda" : "cpu";
  const folder = await mkdtemp(join(tmpdir(), "r4ec-bench-"));
  const measured: Measured[] = [];
  try {
    const data = await ml100kData(folder, values.dataset);
    const all = rowsOf(device, data, values.modes.split(","), values.without);
    const unknown = positionals.filter((part) => !all.some(({ name }) => name.includes(part)));
    if (unknown.length > 0) {
      const names = all.map(({ name }) => `  ${name}`).join("\n");
      console.error(`bench: no row's name holds ${unknown.join(" or ")}; the rows are\n${names}`);
      process.exitCode = ExitCode.usage;
      return;
    }
    const rows = all.filter(
      ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
    );
    for (const each of rows) {
      const row = values.against === undefined ? each : againstCheckout(each, values.against);
      const result = await measure(
        row,
        values.python,
        Number(values.rounds),
        Number(values.seconds),
      );
      measured.push(result);
      console.error(`${result.name}: ${result.ratio.toFixed(2)} × ${result.otherName}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const machine = {
    device,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    load: loadavg()[0],
    node: process.version,
  };
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine, rows: measured }, null, 2)}\n`);
  }
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const head = ["row", "ours /s", "other /s", "ratio", "range", "against"];
  const lines = measured.map((row) => [
    row.name,
    number(row.ours),
    number(row.other),
    row.ratio.toFixed(2),
    `${Math.min(...row.ratios).toFixed(2)} to ${Math.max(...row.ratios).toFixed(2)}`,
    row.otherName,
  ]);
  console.log(formatTable(head, lines));
}

async function measure(
  row: Row,
  python: string,
  rounds: number,
  seconds: number,
): Promise<Measured> {
  const ours = await startAll(
    row.ours.map((work) => [process.execPath, [measurePath, JSON.stringify(work)]]),
  );
  try {
    const other = await row.other(python, ours, seconds, (works) =>
      startAll(works.map((work) => [process.execPath, [measurePath, JSON.stringify(work)]])),
    );
    try {
      const pairs: { readonly ours: number; readonly other: number }[] = [];
      for (let round = 0; round < rounds; round++) {
        pairs.push({
          ours: await together(ours, seconds),
          other: await together(other.processes, seconds),
        });
      }
      const ratios = pairs.map((pair) => pair.ours / pair.other);
      return {
        name: row.name,
        ours: median(pairs.map((pair) => pair.ours)),
        other: median(pairs.map((pair) => pair.other)),
        otherName: other.name,
        ratio: median(ratios),
        ratios,
        readySeconds: {
          ours: Math.max(...ours.map((process) => process.compileSeconds)),
          other: Math.max(...other.processes.map((process) => process.compileSeconds)),
        },
      };
    } finally {
      for (const process of other.processes) process.stop();
    }
  } finally {
    for (const process of ours) process.stop();
  }
}

const measurePath = fileURLToPath(new URL("./measure.js", import.meta.url));

/** The program of a compiled checkout that measures its engine. */
const measureIn = (checkout: string): string =>
  join(checkout, "dist", "bench", "ctr", "measure.js");

/** The row's own work, done by the engine of another compiled checkout. */
const againstCheckout = (row: Row, checkout: string): Row => ({
  ...row,
  other: async () => {
    const path = measureIn(checkout);
    const commands = row.ours.map(
      (work) => [process.execPath, [path, JSON.stringify(work)]] as const,
    );
    return { name: checkout, processes: await startAll(commands) };
  },
});

const startAll = async (
  commands: readonly (readonly [string, readonly string[]])[],
): Promise<MeasuredProcess[]> =>
  Promise.all(commands.map(([command, args]) => MeasuredProcess.start(command, args)));

/** Processes that work at the same time: their rates add up. */
const together = async (processes: readonly MeasuredProcess[], seconds: number): Promise<number> =>
  (await Promise.all(processes.map((process) => process.rate(seconds)))).reduce(
    (sum, rate) => sum + rate,
    0,
  );

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
