import { amazonBooks } from "./amazon-books.js";
import { ml100k } from "./ml-100k.js";
import { ml1m } from "./ml-1m.js";
import { table } from "./table/table.js";
import type { Source } from "./source.js";

/** Every data set r4ec knows: one line each. */
export const sources: readonly Source[] = [ml100k, ml1m, amazonBooks, table];

/** A data set by id. */
export const sourceOf = (id: unknown): Source | undefined =>
  sources.find((source) => source.id === id);
