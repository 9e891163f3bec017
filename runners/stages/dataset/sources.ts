import { amazonBooks } from "./amazon-books.js";
import { ml100k } from "./ml-100k.js";
import { ml1m } from "./ml-1m.js";
import { table } from "./table/table.js";
import { isModulePath } from "./own-module/module.js";
import { ownModule } from "./own-module/own-module.js";
import type { Source } from "./source.js";

/** Every data set r4ec knows: one line each. */
export const sources: readonly Source[] = [ml100k, ml1m, amazonBooks, table];

/** All that can be read, a module of the user's own among them. */
export const readable: readonly Source[] = [...sources, ownModule];

/** A data set by its id, or by the path of a module of the user's own. */
export const sourceOf = (id: unknown): Source | undefined =>
  isModulePath(id) ? ownModule : sources.find((source) => source.id === id);

/** A data set by the id that its stage has. */
export const sourceOfStage = (id: string): Source | undefined =>
  readable.find((source) => source.id === id);
