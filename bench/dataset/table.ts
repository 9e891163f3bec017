import { closeSync, openSync, writeSync } from "node:fs";
import { randomNumbers } from "./generate.js";

/**
 * Writes ratings in the form of MovieLens-25M's ratings.csv: by user, then by item; half stars; items
 * of a long tail; 154 ratings for each user on average.
 */
export function writeTable(path: string, rows: number): void {
  const random = randomNumbers(3);
  const file = openSync(path, "w");
  const users = Math.max(1, Math.round(rows / 154));
  const items = Math.max(100, Math.round(rows / 424));
  let text = "userId,movieId,rating,timestamp\n";
  let left = rows;
  for (let user = 1; user <= users && left > 0; user++) {
    const count = Math.min(left, items / 2, 20 + Math.floor(-Math.log(1 - random()) * 134));
    left -= count;
    const began = 800_000_000 + Math.floor(random() * 700_000_000);
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(1 + Math.floor(items * random() ** 3));
    for (const item of [...chosen].sort((a, b) => a - b)) {
      const rating = 0.5 + 0.5 * Math.floor(10 * random() ** 0.6);
      text += `${user},${item},${rating.toFixed(1)},${began + Math.floor(random() * 30_000_000)}\n`;
    }
    if (text.length > 1 << 22) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
