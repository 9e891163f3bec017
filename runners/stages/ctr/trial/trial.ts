import type { ModelShape } from "../model.js";

/** What the program is given: sizes of a small data set, and all else as in the cell. */
export type Trial = ModelShape;
