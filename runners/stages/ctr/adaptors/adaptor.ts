import type { AdaptorShape, Subject } from "../model.js";
import type { Kit } from "../toolkit/kit.js";
import type { Value } from "../toolkit/value.js";

/** Widths of the raw knowledge vectors. */
export interface KnowledgeWidths {
  readonly user: number;
  readonly item: number;
}

/** Turns knowledge vectors into features of a backbone: users' and items' apart. */
export interface Adaptor {
  readonly id: AdaptorShape["type"];
  readonly description: string;
  /** Makes the layers, once. What it gives for a user or an item is `layers.at(-1)` wide. */
  build(
    kit: Kit,
    widths: KnowledgeWidths,
    shape: AdaptorShape,
  ): (subject: Subject, vectors: Value) => Value;
}

/**
 * A first layer that users and items share where their vectors are equally wide. Where they are not
 * (two encoders), users and items have one each, and only the layers after it are shared.
 */
export function sharedWhereEqual<T>(
  widths: KnowledgeWidths,
  name: string,
  make: (name: string, from: number) => T,
): Readonly<Record<Subject, T>> {
  if (widths.user !== widths.item) {
    return { user: make(`${name}.user`, widths.user), item: make(`${name}.item`, widths.item) };
  }
  const both = make(name, widths.user);
  return { user: both, item: both };
}
