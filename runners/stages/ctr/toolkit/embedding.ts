import { xavierNormal } from "./initial.js";
import type { LayerContext } from "./context.js";
import type { Forward, Through } from "./expression.js";
import type { Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/** Ids of a sample: one, several (as in attributes), or rows of them; int32 [R, B, ...]. */
export class Ids {
  #read = false;

  constructor(
    readonly tensor: Tensor,
    readonly forward: Forward<Value>,
  ) {}

  /** Whether an embedding has been looked up by these ids. */
  get read(): boolean {
    return this.#read;
  }
  markRead(): void {
    this.#read = true;
  }
}

/** A look-up; several ids of one sample, or of one row, give their vectors side by side. */
export interface Embedding {
  /** One id a sample [R, B], or several [R, B, n]: a vector. */
  vector(ids: Ids): Value;
  /** Ids of each row [R, B, rows], or several a row [R, B, rows, n]: rows. */
  rows(ids: Ids, hints?: RowHints): Value;
}

/** What else is known about looked-up rows, see {@link LookUpOf}. */
export interface RowHints {
  readonly through?: Through;
  readonly beside?: Value;
}

/** An embedding that starts as Xavier normal over the whole table. Row 0 (padding) is a row like any other. */
export function embedding(
  kit: LayerContext,
  name: string,
  rows: number,
  width: number,
  ofUsers = false,
): Embedding {
  const table = kit.parameters.add(name, [rows, width], xavierNormal(rows, width), true, ofUsers);
  const lookUp = (ids: Ids, asRows: boolean, hints: RowHints = {}): Value => {
    ids.markRead();
    return new Value({ kind: "look-up", table, ids: ids.tensor, asRows, ...hints }, ids.forward);
  };
  return {
    vector: (ids) => lookUp(ids, false),
    rows: (ids, hints) => lookUp(ids, true, hints),
  };
}
