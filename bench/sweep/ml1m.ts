import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../../runners/stages/ctr/toolkit/random.js";

const [users, items, length] = [6040, 3706, 165];

/**
 * Writes files in the layout of MovieLens-1M, of its size: 6,040 users with 165 ratings each, of 3,706
 * movies. A rating depends on its user, its movie and chance, so that a model has something to learn.
 */
export async function writeMl1m(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { uniform, normal } = random(1, "ml-1m");
  const [ofUser, ofItem] = [users, items].map((count) =>
    Float64Array.from({ length: count + 1 }, () => normal()),
  ) as [Float64Array, Float64Array];
  const ratings: string[] = [];
  for (let user = 1; user <= users; user++) {
    const seen = new Set<number>();
    while (seen.size < length) {
      // Few movies have most of the ratings.
      const item = 1 + Math.floor(items * uniform() ** 2);
      if (seen.has(item)) continue;
      seen.add(item);
      const score = 3.6 + 0.5 * ofUser[user]! + 0.7 * ofItem[item]! + 0.8 * normal();
      const rating = Math.min(5, Math.max(1, Math.round(score)));
      ratings.push(`${user}::${item}::${rating}::${978_300_000 + seen.size * 60 + user}`);
    }
  }
  const genres = ["Action", "Comedy", "Drama", "Horror", "Musical", "Romance", "Sci-Fi", "Western"];
  const movies = Array.from({ length: items }, (_, i) => {
    return `${i + 1}::Movie ${i + 1} (${1930 + (i % 70)})::${genres[i % genres.length]}`;
  });
  const people = Array.from(
    { length: users },
    (_, i) => `${i + 1}::${"FM"[i % 2]}::25::${i % 21}::00000`,
  );
  for (const [name, lines] of Object.entries({ ratings, movies, users: people })) {
    await writeFile(join(folder, `${name}.dat`), `${lines.join("\n")}\n`);
  }
}
