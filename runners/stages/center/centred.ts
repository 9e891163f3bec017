import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { Rows } from "../../base/artifacts/rows.js";
import { filledRows, lengthOf, meanRow, rowOf } from "../../base/artifacts/rows.js";

/**
 * Rows with a mean subtracted, each scaled back to its old length. Rows of zeros stay zeros.
 *
 * @param side for messages
 * @param trained numbers of the users or items that models are trained on: the mean is that of their
 *   rows which are not zeros
 * @throws {UserError} where a row equals the mean, so that nothing is left to scale
 */
export function centredRows(rows: Rows, side: Side, trained: ReadonlySet<number>): Rows {
  const filled = filledRows(rows);
  const inMean = filled.filter((row) => trained.has(row));
  if (filled.length > 0 && inMean.length === 0) {
    throw new UserError(
      `knowledge.embed.center can't be done: none of the ${side} that models are trained on has a vector`,
    );
  }
  const mean = meanRow(rows, inMean);
  const numbers = new Float32Array(rows.numbers.length);
  for (const row of filled) {
    const vector = rowOf(rows, row);
    const length = lengthOf(vector);
    const left = Float64Array.from(vector, (number, at) => number - mean[at]!);
    const remains = lengthOf(left);
    // What float32 leaves of equal vectors is rounding, not a direction.
    if (remains < 1e-6 * length) {
      throw new UserError(
        `knowledge.embed.center can't be done: nothing is left of ${filled.length === 1 ? "the one vector" : "a vector"} of the ${side}, which equals their mean`,
        {
          exitCode: ExitCode.usage,
          hint: "leave knowledge.embed.center out, or give knowledge to more of them",
        },
      );
    }
    numbers.set(
      left.map((number) => (number * length) / remains),
      row * rows.width,
    );
  }
  return { width: rows.width, numbers };
}
