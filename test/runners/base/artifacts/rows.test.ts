import { describe, expect, it } from "vitest";
import type { Rows } from "../../../../runners/base/artifacts/rows.js";
import {
  filledRows,
  lengthOf,
  meanCosine,
  meanLength,
  meanRow,
  rowOf,
} from "../../../../runners/base/artifacts/rows.js";

const rowsOf = (...rows: readonly (readonly number[])[]): Rows => ({
  width: rows[0]!.length,
  numbers: Float32Array.from(rows.flat()),
});

describe("rows of vectors", () => {
  const rows = rowsOf([0, 0], [3, 4], [0, 0], [0, 1]);

  it("are counted without rows of zeros, in length and mean", () => {
    expect(filledRows(rows)).toEqual([1, 3]);
    expect(meanLength(rows, [1, 3])).toBe(3);
    expect([...meanRow(rows, [1, 3])]).toEqual([1.5, 2.5]);
    expect(meanLength(rows, [])).toBe(0);
    expect([...meanRow(rows, [])]).toEqual([0, 0]);
  });

  it("have a mean cosine over pairs: by hand", () => {
    expect(meanCosine(rows)).toBeCloseTo(0.8, 12);
    expect(meanCosine(rowsOf([0, 0], [1, 0], [0, 2], [-3, 0]))).toBeCloseTo(-1 / 3, 12);
    expect(meanCosine(rowsOf([0, 0], [1, 0]))).toBeNull();
  });

  it("have the mean cosine that a walk over all pairs gives", () => {
    const many = rowsOf(
      ...Array.from({ length: 40 }, (_, row) =>
        Array.from({ length: 7 }, (_, at) => (row % 9 === 0 ? 0 : Math.sin(row * 7 + at) + 0.5)),
      ),
    );
    const filled = filledRows(many);
    let [sum, pairs] = [0, 0];
    for (const a of filled) {
      for (const b of filled) {
        if (a >= b) continue;
        const [x, y] = [rowOf(many, a), rowOf(many, b)];
        const product = x.reduce((all, number, at) => all + number * y[at]!, 0);
        sum += product / (lengthOf(x) * lengthOf(y));
        pairs += 1;
      }
    }
    expect(meanCosine(many)).toBeCloseTo(sum / pairs, 12);
  });
});
