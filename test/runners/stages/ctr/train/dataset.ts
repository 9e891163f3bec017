import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  readDataset,
  writeDataset as writeColumns,
} from "../../../../../runners/base/artifacts/dataset.js";
import { writeNpy } from "../../../../../runners/base/files/write-npy.js";
import { type SideVectors } from "../../../../../runners/base/artifacts/vectors.js";
import { writeVectors } from "../../../../../runners/base/artifacts/write-vectors.js";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";

/** How large a made-up data set is. */
export interface Size {
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  /** Interactions of each user. */
  readonly length: number;
}

export const small: Size = { users: 80, items: 60, attributes: 6, length: 60 };

/**
 * Writes a data set artifact (docs/artifacts.md) of users and items with hidden tastes in 4
 * dimensions, so that there is something to learn; split and samples by docs/artifacts.md's rules.
 */
export async function writeDataset(folder: string, size: Size): Promise<void> {
  const { users, items, attributes, length } = size;
  const { uniform, normal } = random(7, "tastes");
  const taste = (count: number): number[][] =>
    Array.from({ length: count }, () => Array.from({ length: 4 }, normal));
  const userTaste = taste(users + 1);
  const itemTaste = taste(items + 1);
  const offsets = [0, 0];
  const columns = { user: [] as number[], item: [] as number[], rating: [] as number[] };
  const split = [0];
  const samples = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  for (let user = 1; user <= users; user++) {
    const start = columns.user.length;
    const last = Math.floor(0.8 * length);
    for (let position = 0; position < length; position++) {
      const item = 1 + Math.floor(uniform() * items);
      const fit = userTaste[user]!.reduce((sum, x, i) => sum + x * itemTaste[item]![i]!, 0);
      columns.user.push(user);
      columns.item.push(item);
      // Items differ in quality too: without it there is little that a short history could tell.
      const rating = 3.5 + itemTaste[item]![0]! + fit * 0.3 + normal() * 0.5;
      columns.rating.push(Math.min(5, Math.max(1, Math.round(rating))));
      if (position > last) samples.test.push(start + position);
      else if (position >= 11) samples.train.push(start + position);
    }
    const count = last - 10;
    const own = samples.train.slice(samples.train.length - count);
    samples.valid.push(...own.slice(count - Math.floor(0.1 * count)));
    offsets.push(columns.user.length);
    split.push(last);
  }
  const itemAttributes = [0, ...itemTaste.slice(1).map((_, i) => 1 + (i % attributes))];
  await mkdir(folder, { recursive: true });
  await writeColumns(folder, {
    id: "made-up",
    users,
    items,
    attributes,
    attributeFields: ["genre"],
    ratings: 5,
    likeAbove: 3,
    domain: "movie",
    interactions: columns.user.length,
    offsets: Int32Array.from(offsets),
    interactionUser: Int32Array.from(columns.user),
    interactionItem: Int32Array.from(columns.item),
    interactionRating: Int32Array.from(columns.rating),
    interactionTime: Float64Array.from(columns.user, (_, row) => row),
    split: Int32Array.from(split),
    itemAttributes: Int32Array.from(itemAttributes),
    train: Int32Array.from(samples.train),
    valid: Int32Array.from(samples.valid),
    test: Int32Array.from(samples.test),
  });
}

/** Gives a data set new ratings: users like what comes at a rate of their own, whatever it is. */
export async function likeByUser(folder: string, size: Size): Promise<void> {
  const { interactionUser } = await readDataset(folder);
  const { uniform } = random(5, "rates");
  const rates = Array.from({ length: size.users + 1 }, () => 0.1 + 0.8 * uniform());
  const ratings = interactionUser.map((user) => (uniform() < rates[user]! ? 5 : 1));
  await writeNpy(join(folder, "interaction_rating.npy"), ratings, [ratings.length]);
}

/** Writes an embed artifact of noise with the data set's sizes. */
export async function writeKnowledge(folder: string, size: Size, dim: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const noise = (side: "users" | "items"): SideVectors => {
    const { normal } = random(11, side);
    const numbers = Float32Array.from({ length: (size[side] + 1) * dim }, (_, i) =>
      i < dim ? 0 : normal() * 0.3,
    );
    return { width: dim, numbers, withoutText: 0 };
  };
  await writeVectors(folder, { model: "noise", users: noise("users"), items: noise("items") });
}
