import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** A made-up data set in the layout of MovieLens-100K. */
export interface MadeUpRatings {
  readonly users: number;
  /** Each user rates each item once. */
  readonly items: number;
  /**
   * Whether user `user` (from 1) likes what is shown at place `position` (from 0) of the user's
   * history; asked user by user, in the order of positions.
   */
  likes(user: number, position: number): boolean;
}

/** Writes `u.data` and `u.item` into a new folder. */
export async function writeRatings(folder: string, made: MadeUpRatings): Promise<void> {
  const { users, items } = made;
  await mkdir(folder, { recursive: true });
  const lines: string[] = [];
  for (let user = 1; user <= users; user++) {
    for (let position = 0; position < items; position++) {
      const shown = (((position + 1) * 7 + user * 3) % items) + 1;
      const rating = made.likes(user, position) ? 5 : 1;
      lines.push([user, shown, rating, 900_000_000 + (position + 1) * 86_400].join("\t"));
    }
  }
  await writeFile(path.join(folder, "u.data"), `${lines.join("\n")}\n`);
  const flags = ["0|1", ...Array<string>(17).fill("0")].join("|");
  const titles = Array.from(
    { length: items },
    (_, item) => `${item + 1}|Title ${item + 1} (1995)|01-Jan-1995|||${flags}`,
  );
  await writeFile(path.join(folder, "u.item"), `${titles.join("\n")}\n`);
}
