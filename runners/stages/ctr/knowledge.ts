import type { Knowledge, Model, Subject } from "./model.js";
import type { Tensor } from "./tensorflow.js";

/** Raw knowledge vectors of samples' users and items, float32 [R, B, D]; users and items may differ in D. */
export type Vectors = { readonly [subject in Subject]: Tensor };

/** What the model's adaptor makes of vectors; null without vectors. Throws where there is no adaptor. */
export function adapted({ adapt }: Model, vectors: Vectors | null): Knowledge | null {
  if (vectors === null) return null;
  if (adapt === null) throw new Error("knowledge vectors were given to a model without an adaptor");
  return { user: adapt("user", vectors.user), item: adapt("item", vectors.item) };
}
