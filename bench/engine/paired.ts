import { measure, type Measuring, type Took } from "./commands.js";

/** A line of the table. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly other: string;
  readonly ratio: string;
}

/** What each of several runs took. */
export async function times(rounds: number, run: () => Promise<Took>): Promise<readonly Took[]> {
  const took: Took[] = [];
  for (let round = 0; round < rounds; round++) took.push(await run());
  return took;
}

/**
 * Runs two commands in turns, ours first.
 *
 * @param there the folder in which the other one runs
 * @param before what is done before each round
 */
export async function paired(
  what: string,
  rounds: number,
  programs: Measuring,
  ours: readonly string[],
  other: readonly string[],
  there: string,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<Row> {
  const pairs: { readonly mine: Took; readonly theirs: Took }[] = [];
  for (let round = 0; round < rounds; round++) {
    await before();
    const mine = await measure(programs, programs.folder, ours);
    pairs.push({ mine, theirs: await measure(programs, there, other) });
  }
  const ratios = (key: "wall" | "cpu"): string => {
    const all = pairs.map(({ mine, theirs }) => theirs[key] / mine[key]).sort((a, b) => a - b);
    const range = `${all[0]!.toFixed(2)} to ${all.at(-1)!.toFixed(2)}`;
    return `${middle(all).toFixed(2)} (${range})`;
  };
  return {
    what,
    ours: told(pairs.map(({ mine }) => mine)),
    other: told(pairs.map(({ theirs }) => theirs)),
    ratio: `${ratios("wall")}, CPU ${ratios("cpu")}`,
  };
}

/** A row of r4ec alone. */
export const alone = (what: string, took: readonly Took[]): Row => ({
  ...{ what, ours: told(took), other: "", ratio: "" },
});

const middle = (sorted: readonly number[]): number => sorted[sorted.length >> 1]!;

/** Medians: seconds of the clock and of processors, and memory. */
function told(took: readonly Took[]): string {
  const median = (key: keyof Took): number =>
    middle(took.map((one) => one[key]).sort((a, b) => a - b));
  const megabytes = Math.round(median("bytes") / 1e6);
  return `${median("wall").toFixed(2)} s, CPU ${median("cpu").toFixed(2)} s, ${megabytes} MB`;
}
