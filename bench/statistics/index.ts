import { parseArgs } from "node:util";
import { influences, testSplit } from "../../runners/base/influence/influence.js";
import { formatTable } from "../../src/base/table.js";
import { combine, type Pair } from "../../src/statistics/index.js";
import { normals } from "./normals.js";

const usage = `npm run bench -- statistics [--rounds N] [--cells N] [--samples N]
False positives of users and seeds together in simulated designs (--rounds, 2000), then the time
for the influences of --cells cells (20) of --samples samples (10000000).`;

/** A design: standard error from users, standard deviations of seeds and of user × seed. */
interface Design {
  readonly name: string;
  readonly users: number;
  readonly seeds: number;
  readonly both: number;
  readonly counts: readonly number[];
}

const designs: readonly Design[] = [
  { name: "users .001, seeds .0006", users: 0.001, seeds: 0.0006, both: 0, counts: [3, 5, 10] },
  { name: "seeds dominate", users: 0.0005, seeds: 0.002, both: 0, counts: [2, 3, 4, 5] },
  { name: "user × seed alone", users: 0, seeds: 0, both: 0.001, counts: [2, 3, 5, 10] },
];
const USERS = 400;

/** How often a true null hypothesis is rejected, and what a large comparison takes. */
export async function statisticsBenchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "2000" },
      cells: { type: "string", default: "20" },
      samples: { type: "string", default: "10000000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const rounds = Number(values.rounds);
  const normal = normals(1);
  const rows = designs.flatMap((design) =>
    design.counts.map((seeds) => {
      let rejected = 0;
      for (let round = 0; round < rounds; round++) {
        const result = combine(draw(design, seeds, normal));
        if (!("reason" in result) && result.sureness.p < 0.05) rejected += 1;
      }
      return [design.name, String(seeds), `${((100 * rejected) / rounds).toFixed(1)} %`];
    }),
  );
  console.log(formatTable(["design", "seeds", "false positives at 5 %"], rows));
  measure(Number(values.cells), Number(values.samples), normal);
  return Promise.resolve();
}

/** A pair of variants that do not differ: every difference is chance. */
function draw({ users, seeds, both }: Design, count: number, normal: () => number): Pair[] {
  const units = Int32Array.from({ length: USERS }, (_, user) => user);
  // A mean over USERS draws has the design's standard error.
  const perUser = Array.from(units, () => normal() * users * Math.sqrt(USERS));
  const zero = new Float64Array(USERS);
  return Array.from({ length: count }, (_, seed) => {
    const values = perUser.map((value) => value + normal() * both * Math.sqrt(USERS));
    const mean = values.reduce((sum, value) => sum + value, 0) / USERS;
    const phi = Float64Array.from(values, (value) => (value - mean) / USERS);
    const difference = mean + normal() * seeds;
    return { seed: String(seed), fold: "", difference, a: { units, phi }, b: { units, phi: zero } };
  });
}

function measure(cells: number, samples: number, normal: () => number): void {
  const users = Int32Array.from({ length: samples }, (_, i) => 1 + Math.floor(i / 20));
  const labels = Uint8Array.from({ length: samples }, () => (normal() > 0 ? 1 : 0));
  const scores = Float32Array.from(
    { length: samples },
    (_, i) => 1 / (1 + Math.exp(-normal() - labels[i]!)),
  );
  const began = performance.now();
  const before = process.cpuUsage();
  const split = testSplit(users, labels);
  for (let cell = 0; cell < cells; cell++) {
    scores[cell] = 0.5;
    influences(scores, split);
  }
  const seconds = (performance.now() - began) / 1000;
  const busy = process.cpuUsage(before);
  const megabytes = process.resourceUsage().maxRSS / 1000;
  console.log(
    `\n${cells} cells of ${samples} samples: ${seconds.toFixed(1)} s (a core was busy for ${((busy.user + busy.system) / 1e6).toFixed(1)} s), ${megabytes.toFixed(0)} MB at most`,
  );
}
