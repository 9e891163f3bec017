import type { Json } from "../base/json.js";

/** Values of one setting, where each stands in the document. */
export interface SweepAxis {
  readonly path: string;
  readonly values: readonly Json[];
  /** The axis in the document: a list, or a space that values are drawn from. */
  readonly where: readonly string[];
  /** Where the value with an index stands. */
  readonly placeOf: (index: number) => readonly string[];
}
