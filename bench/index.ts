import { ExitCode } from "../src/base/exit.js";
/** A benchmark: prints a table on stdout, and JSON where `--json` asks for it. */
export type Benchmark = (args: readonly string[]) => Promise<void>;

/** Every benchmark by name: one line each. */
const benchmarks: { readonly [name: string]: () => Promise<Benchmark> } = {
  dataset: async () => (await import("./dataset/index.js")).datasetBenchmark,
  data: async () => (await import("./dataset/data.js")).dataBenchmark,
  statistics: async () => (await import("./statistics/index.js")).statisticsBenchmark,
  sweep: async () => (await import("./sweep/index.js")).sweepBenchmark,
  engine: async () => (await import("./engine/index.js")).engineBenchmark,
  ctr: async () => (await import("./ctr/index.js")).ctrBenchmark,
  llm: async () => (await import("./llm/index.js")).llmBenchmark,
};

const [name, ...args] = process.argv.slice(2);
const load = name === undefined ? undefined : benchmarks[name];
if (load === undefined) {
  const known = Object.keys(benchmarks).join(", ");
  console.error(`npm run bench -- NAME [OPTIONS], where NAME is one of: ${known}`);
  process.exitCode = ExitCode.usage;
} else {
  await (
    await load()
  )(args);
}
