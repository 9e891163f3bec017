import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../../runners/ctr/toolkit/random.js";
import { writeNpy } from "../../runners/npy.js";

/** How large a data set is; its ids and ratings are drawn at random: speed does not depend on them. */
export interface Sizes {
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  /** Interactions of each user. */
  readonly length: number;
}

const ml100k: Sizes = { users: 943, items: 1664, attributes: 19, length: 106 };

/** ML-1M's: 736,880 training samples and 193,280 of test. */
export const ml1m: Sizes = { users: 6040, items: 3706, attributes: 18, length: 165 };

/** Length of a knowledge vector. */
const dimension = 1024;

/** Writes a data set and an embed artifact of such sizes into a folder. */
export async function writeData(
  folder: string,
  { users, items, attributes, length }: Sizes = ml100k,
): Promise<{ dataset: string; embed: string }> {
  const dataset = join(folder, "dataset");
  const embed = join(folder, "embed");
  await mkdir(dataset, { recursive: true });
  await mkdir(embed, { recursive: true });
  const { uniform } = random(1, "benchmark");
  const draw = (from: number, to: number): number => from + Math.floor(uniform() * (to - from + 1));
  const count = users * length;
  const int32 = (name: string, values: readonly number[], shape?: number[]): Promise<void> =>
    writeNpy(join(dataset, `${name}.npy`), Int32Array.from(values), shape ?? [values.length]);
  const rows = Array.from({ length: count }, (_, row) => row);
  const split = Math.floor(0.8 * length);
  const position = (row: number): number => row % length;
  await int32("offsets", [0, ...Array.from({ length: users + 1 }, (_, user) => user * length)]);
  await int32(
    "interaction_user",
    rows.map((row) => 1 + Math.floor(row / length)),
  );
  await int32(
    "interaction_item",
    rows.map(() => draw(1, items)),
  );
  await int32(
    "interaction_rating",
    rows.map(() => draw(1, 5)),
  );
  await writeNpy(join(dataset, "interaction_time.npy"), Float64Array.from(rows), [count]);
  await int32("split", [0, ...Array.from({ length: users }, () => split)]);
  const ids = [0, ...Array.from({ length: items }, () => draw(1, attributes))];
  await int32("item_attributes", ids, [items + 1, 1]);
  await int32(
    "train",
    rows.filter((row) => position(row) >= 11 && position(row) <= split),
  );
  await int32("valid", []);
  await int32(
    "test",
    rows.filter((row) => position(row) > split),
  );
  const info = {
    id: "benchmark",
    users,
    items,
    attributes,
    attribute_fields: ["genre"],
    ratings: 5,
    like_above: 3,
    domain: "movie",
    interactions: count,
  };
  await writeFile(join(dataset, "dataset.json"), JSON.stringify(info));
  for (const [name, n] of [
    ["users", users],
    ["items", items],
  ] as const) {
    const values = Float32Array.from({ length: (n + 1) * dimension }, () => uniform() - 0.5);
    await writeNpy(join(embed, `${name}.npy`), values, [n + 1, dimension]);
  }
  return { dataset, embed };
}
