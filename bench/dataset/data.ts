import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { formatTable } from "../../src/base/table.js";
import { writeSides, writeTable } from "./table.js";

const usage = `npm run bench -- data [--kind KIND] [--rows N] [--core N] [--json FILE]
Generates ratings as CSV in the form of MovieLens-25M and prepares them as a data set (dataset: {id:
table}): read, both cores, order, split, files. --rows: 25000000; --core: user_core and item_core, 60.
--kind: plain; fields: with five fields of users, items and the context; negatives: implicit, 4 drawn
for each sample.`;

/** What prepare.ts prints. */
interface Prepared {
  readonly seconds: number;
  /** Seconds of all cores together. */
  readonly cpu: number;
  /** Peak of memory in MB. */
  readonly rss: number;
  readonly metrics: { readonly [name: string]: number };
}

/** How long a large table takes to become a data set, and how much memory. */
export async function dataBenchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kind: { type: "string", default: "plain" },
      rows: { type: "string", default: "25000000" },
      core: { type: "string", default: "60" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const folder = await mkdtemp(join(tmpdir(), "r4ec-bench-"));
  try {
    const file = join(folder, "ratings.csv");
    const { kind } = values;
    writeTable(file, Number(values.rows), kind === "fields");
    writeSides(join(folder, "items.csv"), join(folder, "users.csv"), Number(values.rows));
    const megabytes = (await stat(file)).size / 1e6;
    const load = loadavg()[0]!;
    const program = join(import.meta.dirname, "prepare.js");
    const { stdout } = await execa(process.execPath, [program, file, values.core, kind]);
    const { seconds, cpu, rss, metrics } = JSON.parse(stdout) as Prepared;
    const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
    console.log(
      formatTable(
        [
          "kind",
          "ratings",
          "file MB",
          "core",
          "seconds",
          "CPU seconds",
          "peak MB",
          "users",
          "items",
        ],
        [
          [
            ...[
              kind,
              whole(Number(values.rows)),
              whole(megabytes),
              values.core,
              seconds.toFixed(1),
            ],
            ...[cpu.toFixed(1), whole(rss), whole(metrics["users"]!), whole(metrics["items"]!)],
          ],
        ],
        (text) => text,
      ),
    );
    console.log(`${availableParallelism()} cores, load before it ${load.toFixed(1)}`);
    if (values.json !== undefined) {
      const result = { kind, rows: Number(values.rows), seconds, cpu, rss, load, metrics };
      await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
