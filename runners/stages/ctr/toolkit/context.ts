import type { ModelShape } from "../model.js";
import type { Parameters } from "./parameters.js";
import type { Value } from "./value.js";

/** Widths of the parts of a sample that a backbone is given. */
export interface Widths {
  /** Target item with its attributes and its fields. */
  readonly target: number;
  /** One interaction of the history: item, attributes, rating, the item's fields. */
  readonly history: number;
  /** Embedding of the user's id (`ctr.user_id`), the user's fields and the context's; 0 without any. */
  readonly user: number;
  /** User's and item's knowledge together; 0 without knowledge. */
  readonly knowledge: number;
}

/** What every layer is made with: the model's parameters and shape. */
export class LayerContext {
  constructor(
    readonly parameters: Parameters,
    readonly shape: ModelShape,
    readonly widths: Widths,
  ) {}

  /** Dropout by the noise of the training step; while scoring, the value itself. */
  dropout(value: Value): Value {
    const { forward } = value;
    return forward.dropsOut ? value.made(forward.dropout(value.tensor)) : value;
  }
}
