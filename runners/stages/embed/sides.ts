import { readDatasetInfo } from "../../base/artifacts/dataset.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { readTexts, SIDES } from "../../base/artifacts/knowledge.js";
import type { SideVectors } from "../../base/artifacts/vectors.js";
import { readSideVectors } from "../../base/artifacts/vectors.js";
import { vectorKey } from "../../base/models/identity.js";

/** Texts of one side. */
export interface SideTexts {
  /** Users or items of the data set. */
  readonly count: number;
  /** Number of each user or item that has a text, with the text and its key. */
  readonly texts: readonly {
    readonly index: number;
    readonly key: string;
    readonly text: string;
  }[];
}

/** What a text artifact holds: text, or vectors of the user's own, which are passed on. */
export type Sides = { readonly [side in Side]: SideTexts | SideVectors };

/** Reads the two sides of a text artifact. */
export async function readSides(folder: string, dataset: string): Promise<Sides> {
  const counts = await readDatasetInfo(dataset);
  const [users, items] = await Promise.all(
    SIDES.map(async (side) => {
      const own = await readSideVectors(folder, side);
      if (own !== null) return own;
      const lines = await readTexts(folder, side);
      const texts = lines
        .filter(({ text }) => text.trim() !== "")
        .map(({ index, text }) => ({ index, key: vectorKey(text), text }));
      return { count: counts[side], texts };
    }),
  );
  return { users: users!, items: items! };
}

/** Every text of both sides, once, by its key. */
export const textsOf = (sides: Sides): ReadonlyMap<string, string> =>
  new Map(
    SIDES.flatMap((side) => {
      const own = sides[side];
      return "texts" in own ? own.texts.map(({ key, text }) => [key, text] as const) : [];
    }),
  );
