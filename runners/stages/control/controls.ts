import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { Rows } from "../../base/artifacts/rows.js";
import { filledRows, lengthOf, meanLength, meanRow, rowOf } from "../../base/artifacts/rows.js";
import { drawsOf } from "../../base/stage/draws.js";
import type { Control } from "./settings.js";

/** What a control of one side is made from. */
export interface Original {
  /** For messages, and part of the draw's name. */
  readonly side: Side;
  /** Vectors that are put in another order. */
  readonly rows: Rows;
  /** The same vectors before any centring: mean and length are taken from them. */
  readonly uncentred: Rows;
  readonly seed: number;
}

/**
 * The rows of a control, in the shape of the original's. Rows of zeros stay rows of zeros.
 *
 * @throws {UserError} where the control can't be made of these rows
 */
export function controlRows(control: Control, original: Original): Rows {
  return { width: original.rows.width, numbers: MAKERS[control](original) };
}

const MAKERS: { readonly [control in Control]: (original: Original) => Float32Array } = {
  shuffled({ side, rows, seed }) {
    const filled = filledRows(rows);
    if (filled.length === 1) {
      throw new UserError(
        `knowledge.control shuffled can't be made: one of the ${side} has a vector, and two are needed`,
        {
          exitCode: ExitCode.usage,
          hint: "give knowledge to more of them, or set knowledge.control_side to the other side",
        },
      );
    }
    const numbers = new Float32Array(rows.numbers.length);
    cycleOf(filled.length, `shuffled ${side} ${seed}`).forEach((from, to) => {
      numbers.set(rowOf(rows, filled[from]!), filled[to]! * rows.width);
    });
    return numbers;
  },

  random({ side, uncentred, seed }) {
    const { width } = uncentred;
    const filled = filledRows(uncentred);
    const length = meanLength(uncentred, filled);
    const numbers = new Float32Array(uncentred.numbers.length);
    for (const row of filled) {
      // Each row has a stream of its own: it does not depend on who else has a vector.
      const { normal } = drawsOf(`random ${side} ${seed} ${row}`);
      const drawn = Float64Array.from({ length: width }, normal);
      numbers.set(scaled(drawn, length), row * width);
    }
    return numbers;
  },

  constant({ side, uncentred }) {
    const { width } = uncentred;
    const filled = filledRows(uncentred);
    const length = meanLength(uncentred, filled);
    const mean = meanRow(uncentred, filled);
    // Vectors that were centred before have a mean of rounding errors: no direction at all.
    if (filled.length > 0 && lengthOf(mean) < 1e-6 * length) {
      throw new UserError(
        `knowledge.control constant can't be made: the mean of the ${side}' vectors is zero`,
      );
    }
    const numbers = new Float32Array(uncentred.numbers.length);
    for (const row of filled) numbers.set(scaled(mean, length), row * width);
    return numbers;
  },
};

/**
 * A permutation of 0 to `count` - 1 that is one cycle: nothing stays in its place where `count` is 2
 * or more. All cycles are equally likely (S. Sattolo, 1986).
 *
 * @param name what the draw follows
 */
export function cycleOf(count: number, name: string): number[] {
  const { index } = drawsOf(name);
  const order = Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = index(last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

function scaled(vector: Float64Array, length: number): Float64Array {
  const factor = length / lengthOf(vector);
  return vector.map((number) => number * factor);
}
