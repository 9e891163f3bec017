import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { randomNumbers } from "./generate.js";

/** Users of a table of so many rows: 154 ratings each on average. */
const usersOf = (rows: number): number => Math.max(1, Math.round(rows / 154));
const itemsOf = (rows: number): number => Math.max(100, Math.round(rows / 424));

/** Genres of an item, separated as MovieLens does it: one to three of twenty. */
const genresOf = (item: number): string =>
  Array.from({ length: 1 + (item % 3) }, (_, n) => `genre ${(item * (n + 7)) % 20}`).join("|");

/** Writes what is known of the items and users of {@link writeTable}: columns that can be fields. */
export function writeSides(itemsFile: string, usersFile: string, rows: number): void {
  const items = Array.from({ length: itemsOf(rows) }, (_, n) => n + 1);
  const films = items.map((n) => `${n},Film ${n},${genresOf(n)},${1920 + ((n * 37) % 100)}\n`);
  writeFileSync(itemsFile, `movieId,title,genres,year\n${films.join("")}`);
  const users = Array.from({ length: usersOf(rows) }, (_, n) => n + 1);
  const people = users.map((n) => `${n},country ${(n * 31) % 60},${15 + ((n * 17) % 70)}\n`);
  writeFileSync(usersFile, `userId,country,age\n${people.join("")}`);
}

/**
 * Writes ratings in the form of MovieLens-25M's ratings.csv: by user, then by item; half stars; items
 * of a long tail.
 *
 * @param context with one more column, a device
 */
export function writeTable(path: string, rows: number, context: boolean): void {
  const random = randomNumbers(3);
  const file = openSync(path, "w");
  const users = usersOf(rows);
  const items = itemsOf(rows);
  let text = `userId,movieId,rating,timestamp${context ? ",device" : ""}\n`;
  let left = rows;
  for (let user = 1; user <= users && left > 0; user++) {
    const count = Math.min(left, items / 2, 20 + Math.floor(-Math.log(1 - random()) * 134));
    left -= count;
    const began = 800_000_000 + Math.floor(random() * 700_000_000);
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(1 + Math.floor(items * random() ** 3));
    for (const item of [...chosen].sort((a, b) => a - b)) {
      const rating = 0.5 + 0.5 * Math.floor(10 * random() ** 0.6);
      const device = context ? `,device ${(user + item) % 12}` : "";
      text += `${user},${item},${rating.toFixed(1)},${began + Math.floor(random() * 30_000_000)}${device}\n`;
    }
    if (text.length > 1 << 22) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
