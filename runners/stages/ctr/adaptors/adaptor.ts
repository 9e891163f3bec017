import type { AdaptorShape, Side } from "../model.js";
import type { Kit } from "../toolkit/kit.js";
import type { Value } from "../toolkit/value.js";

/** Widths of the raw knowledge vectors. */
export interface KnowledgeWidths {
  readonly user: number;
  readonly item: number;
}

/** Turns knowledge vectors into features of a backbone, each side on its own. */
export interface Adaptor {
  readonly id: AdaptorShape["type"];
  readonly description: string;
  /** Makes the layers, once. Both sides come out `layers.at(-1)` wide. */
  build(
    kit: Kit,
    widths: KnowledgeWidths,
    shape: AdaptorShape,
  ): (side: Side, vectors: Value) => Value;
}

/**
 * A first layer that both sides share where their vectors are equally wide. Where they are not (two
 * encoders), each side has its own, and only what follows is shared.
 */
export function sharedWhereEqual<T>(
  widths: KnowledgeWidths,
  name: string,
  make: (name: string, from: number) => T,
): Readonly<Record<Side, T>> {
  if (widths.user !== widths.item) {
    return { user: make(`${name}.user`, widths.user), item: make(`${name}.item`, widths.item) };
  }
  const both = make(name, widths.user);
  return { user: both, item: both };
}
