import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { formatTable } from "../../src/base/table.js";
import { writeMovieRatings, writeReviews } from "./generate.js";

/** One measured pass over a file. */
interface Pass {
  readonly rows: number;
  readonly seconds: number;
}

// The peer: what a researcher writes first, in as few words as it takes.
const python = {
  reviews: `
import gzip, json, sys, time
began = time.perf_counter()
rows = 0
with gzip.open(sys.argv[1], "rb") as file:
    for line in file:
        json.loads(line)
        rows += 1
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began}))
`,
  ratings: `
import json, sys, time
began = time.perf_counter()
rows = []
with open(sys.argv[1]) as file:
    for line in file:
        user, item, rating, seconds = line.split("::")
        rows.append((user, item, int(rating), float(seconds)))
print(json.dumps({"rows": len(rows), "seconds": time.perf_counter() - began}))
`,
};

const usage = `npm run bench -- dataset [--rows N] [--rounds N] [--json FILE]
Reads generated files with r4ec and with a plain Python loop, in turns, each pass in a process of
its own that times itself. --rows: reviews in the file (400000).`;

/** Reading speed: r4ec's readers against plain Python loops over the same files. */
export async function datasetBenchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "400000" },
      rounds: { type: "string", default: "5" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const folder = await mkdtemp(join(tmpdir(), "r4ec-bench-"));
  try {
    const reviews = join(folder, "reviews.json.gz");
    const ratings = join(folder, "ratings.dat");
    await writeReviews(reviews, Number(values.rows));
    await writeMovieRatings(ratings, 1_000_209);
    const results = [
      await compare("amazon-books reviews (gzip)", "reviews", reviews, Number(values.rounds)),
      await compare("ml-1m ratings.dat", "ratings", ratings, Number(values.rounds)),
    ];
    console.log(tableOf(results));
    const load = loadavg()[0]!.toFixed(1);
    console.log(`\n${availableParallelism()} cores, load ${load}, Node ${process.version}`);
    if (values.json !== undefined) {
      await writeFile(values.json, JSON.stringify({ results }, null, 2) + "\n");
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Comparison {
  readonly what: string;
  readonly rows: number;
  readonly megabytes: number;
  readonly rounds: readonly { readonly r4ec: Pass & { rss: number }; readonly python: Pass }[];
  /** Medians over the rounds, rows per second; the ratio is the median of the rounds' ratios. */
  readonly r4ec: number;
  readonly python: number;
  readonly ratio: number;
  /** Largest resident memory of r4ec's process, MB. */
  readonly rss: number;
}

async function compare(
  what: string,
  kind: "reviews" | "ratings",
  file: string,
  count: number,
): Promise<Comparison> {
  const ours = async (): Promise<Pass & { rss: number }> => {
    const program = join(import.meta.dirname, "read.js");
    const { stdout } = await execa(process.execPath, [program, kind, file]);
    return JSON.parse(stdout) as Pass & { rss: number };
  };
  const theirs = async (): Promise<Pass> => {
    const { stdout } = await execa("python3", ["-c", python[kind], file]);
    return JSON.parse(stdout) as Pass;
  };
  const rounds = [];
  for (let round = 0; round < count; round++) {
    // Whoever comes second finds the file in the cache: they take turns.
    if (round % 2 === 0) {
      const r4ec = await ours();
      rounds.push({ r4ec, python: await theirs() });
    } else {
      const python = await theirs();
      rounds.push({ r4ec: await ours(), python });
    }
    const { r4ec, python } = rounds.at(-1)!;
    if (r4ec.rows !== python.rows) throw new Error(`${r4ec.rows} rows against ${python.rows}`);
    const ratio = (speed(r4ec) / speed(python)).toFixed(2);
    console.error(`${what}, round ${round + 1} of ${count}: ${ratio} × Python`);
  }
  return {
    what,
    rows: rounds[0]!.r4ec.rows,
    megabytes: (await stat(file)).size / 1e6,
    rounds,
    r4ec: median(rounds.map(({ r4ec }) => speed(r4ec))),
    python: median(rounds.map(({ python }) => speed(python))),
    ratio: median(rounds.map(({ r4ec, python }) => speed(r4ec) / speed(python))),
    rss: Math.max(...rounds.map(({ r4ec }) => r4ec.rss)),
  };
}

const speed = ({ rows, seconds }: Pass): number => rows / seconds;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function tableOf(results: readonly Comparison[]): string {
  const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
  const head = ["file", "rows", "MB", "r4ec rows/s", "Python rows/s", "ratio", "r4ec memory MB"];
  return formatTable(
    head,
    results.map((one) => [
      one.what,
      whole(one.rows),
      whole(one.megabytes),
      whole(one.r4ec),
      whole(one.python),
      one.ratio.toFixed(2),
      whole(one.rss),
    ]),
  );
}
