import { describe, expect, it, vi } from "vitest";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { allRewrites, type Rewrite } from "../../../../../runners/stages/ctr/rewrites/index.js";
import { modelRewrites, waysOf } from "../../../../../runners/stages/ctr/rewrites/ways.js";
import { nodeBackend, tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { project } from "../../../../../runners/stages/ctr/toolkit/dense.js";
import {
  Forward,
  type Form,
  type LookUpOf,
} from "../../../../../runners/stages/ctr/toolkit/expression.js";
import { concat, Value } from "../../../../../runners/stages/ctr/toolkit/value.js";
import type { ForwardMode } from "../../../../../runners/stages/ctr/model.js";
import { agree, gathered, ids, noise } from "../models/agree.js";

/** An expression of some tensors, in a pass. */
type Build = (make: (form: Tensor | Form<Value>) => Value, ...inputs: Tensor[]) => Value;

/** The value with these rewrites. */
const computed =
  (rewrites: readonly Rewrite[], build: Build, mode: ForwardMode) =>
  (...inputs: Tensor[]): Tensor => {
    const forward = new Forward<Value>(mode, waysOf(new Set(rewrites), cpu));
    return build((form) => new Value(form, forward), ...inputs).tensor;
  };

/** Names of the operations that value and gradients take. */
function operations(of: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]): string[] {
  const called = vi.spyOn(nodeBackend(), "executeSingleOutput");
  try {
    tf.tidy(() => void tf.grads((...x: Tensor[]) => tf.sum(of(...x)))(inputs));
    return called.mock.calls.map(([name]) => name);
  } finally {
    called.mockRestore();
  }
}

/** Rewrites that were held against the plain way. */
const checked = new Set<Rewrite>();

/** The rewrite applies, and gives the plain values and gradients, alone and with all others. */
function check(
  rewrite: Rewrite,
  inputs: Tensor[],
  build: Build,
  mode: ForwardMode = { training: true },
): void {
  const [alone, plain] = [computed([rewrite], build, mode), computed([], build, mode)];
  agree(inputs, alone, plain);
  agree(inputs, computed([...allRewrites], build, mode), plain);
  expect(operations(alone, inputs)).not.toEqual(operations(plain, inputs));
  checked.add(rewrite);
}

/** The rewrite does not apply. */
function leaves(
  rewrite: Rewrite,
  inputs: Tensor[],
  build: Build,
  mode: ForwardMode = { training: true },
): void {
  const [alone, plain] = [computed([rewrite], build, mode), computed([], build, mode)];
  expect(operations(alone, inputs)).toEqual(operations(plain, inputs));
}

const lookUp = (
  table: Tensor,
  ids: Tensor,
  asRows: boolean,
  more: Partial<LookUpOf<Value>> = {},
): Form<Value> => ({ kind: "look-up", table, ids, asRows, ...more });

describe.each([1, 3])("with %i replicas, as plainly:", (r) => {
  describe("product-by-table", () => {
    const [items, ratings] = [ids(7, r, 40, 5), ids(3, r, 40, 5)];
    const list = ids(4, 7, 2);
    const attributes = tf.gather(list, items as never);
    const history: Build = (make, ...x) =>
      concat([
        make(lookUp(x[0]!, items, true)),
        make(lookUp(x[1]!, attributes, true, { through: { list, places: items } })),
        make(lookUp(x[2]!, ratings, true)),
      ]);
    const tables = [noise(r, 7, 4), noise(r, 4, 3), noise(r, 3, 2)];
    const layer = [noise(r, 12, 6), noise(r, 6)];

    it.each([false, true])("a layer on a history, with ReLU: %s", (relu) => {
      check("product-by-table", [...tables, ...layer], (make, ...x) =>
        project(history(make, ...x), x[3]!, x[4]!, relu),
      );
    });

    it("a second layer on the first", () => {
      check("product-by-table", [...tables, ...layer, noise(r, 6, 2)], (make, ...x) =>
        project(project(history(make, ...x), x[3]!, x[4]!), x[5]!, null),
      );
    });

    it("a layer on rows of one table", () => {
      check("product-by-table", [noise(r, 7, 4), noise(r, 4, 3)], (make, ...x) =>
        project(make(lookUp(x[0]!, items, true)), x[1]!, null),
      );
    });

    it("attributes that are not known through the items", () => {
      const apart = ids(4, r, 40, 5, 2);
      check("product-by-table", [...tables, ...layer], (make, ...x) => {
        const rows = [
          make(lookUp(x[0]!, items, true)),
          make(lookUp(x[1]!, apart, true)),
          make(lookUp(x[2]!, ratings, true)),
        ];
        return project(concat(rows), x[3]!, x[4]!);
      });
    });

    it("not where tables are large, nor where the batch may have any size", () => {
      const build: Build = (make, ...x) => project(history(make, ...x), x[3]!, x[4]!);
      leaves("product-by-table", [...tables, ...layer], build, { training: false, anyBatch: true });
      const large = [noise(r, 7000, 4), ...tables.slice(1)];
      leaves("product-by-table", [...large, ...layer], build);
    });
  });

  describe("means-by-shares", () => {
    const [first, second] = [ids(3, r, 20), ids(4, r, 20, 5, 2)];
    const inputs = [noise(r, 20, 5), noise(r, 3, 8), noise(r, 4, 8)];
    const beside: Build = (make, ...x) =>
      concat([
        make(lookUp(x[1]!, first, false)),
        concat([make(x[0]!), make({ kind: "mean", of: make(lookUp(x[2]!, second, true)) })]),
      ]);

    it("vectors beside means of rows of small tables", () => {
      check("means-by-shares", inputs, beside);
    });

    it.each([false, true])("a layer on them, with ReLU: %s", (relu) => {
      check("means-by-shares", [...inputs, noise(r, 29, 6), noise(r, 6)], (make, ...x) =>
        project(beside(make, ...x), x[3]!, x[4]!, relu),
      );
    });

    it.each([false, true])("a layer on nothing but them, with ReLU: %s", (relu) => {
      const layer = [noise(r, 24, 6), noise(r, 6)];
      check("means-by-shares", [...inputs.slice(1), ...layer], (make, ...x) =>
        project(
          concat([
            make(lookUp(x[0]!, first, false)),
            make({ kind: "mean", of: make(lookUp(x[1]!, second, true)) }),
          ]),
          x[2]!,
          x[3]!,
          relu,
        ),
      );
    });

    it("not where a table has more rows than columns", () => {
      leaves("means-by-shares", [noise(r, 9, 8)], (make, table) =>
        make({ kind: "mean", of: make(lookUp(table!, second, true)) }),
      );
    });
  });

  describe("shared-lookup", () => {
    const [target, past] = [ids(90, r, 20), ids(90, r, 20, 5)];
    const both = (make: Parameters<Build>[0], table: Tensor): [Value, Value] => {
      const beside = make(lookUp(table, target, false));
      return [beside, make(lookUp(table, past, true, { beside }))];
    };

    it("a target beside the mean of its history", () => {
      check("shared-lookup", [noise(r, 90, 4)], (make, table) => {
        const [item, rows] = both(make, table!);
        return concat([item, make({ kind: "mean", of: rows })]);
      });
    });

    it("a history, and its target afterwards", () => {
      check("shared-lookup", [noise(r, 90, 4)], (make, table) => {
        const [item, rows] = both(make, table!);
        return rows.mul(2).add(item);
      });
    });

    it("not where the target has been looked up before", () => {
      leaves("shared-lookup", [noise(r, 90, 4)], (make, table) => {
        const [item, rows] = both(make, table!);
        return item.mul(2).add(rows);
      });
    });
  });

  it.each([7, 64])("gradient-by-product: a look-up in a table of %i rows", (n) => {
    const where = ids(7, r, 20, 5);
    check("gradient-by-product", [noise(r, n, 4)], (make, table) =>
      make(lookUp(table!, where, true)),
    );
  });

  it("gradient-by-product: rows by their places, and no look-up in a large table", () => {
    check("gradient-by-product", [noise(r, 20, 4, 3)], (make, x) => make(x!).select([2, 0, 2, 3]));
    const where = ids(7, r, 20, 5);
    leaves("gradient-by-product", [noise(r, 65, 4)], (make, table) =>
      make(lookUp(table!, where, true)),
    );
  });

  describe("one-head-matrix", () => {
    const attend =
      (heads: number, size: number): Build =>
      (_make, x, kernel) => {
        const make = _make;
        const inner = heads * size;
        const parts = [inner, inner, inner, inner];
        const attention = { kernel: kernel!, bias: null, parts, heads, size, contiguous: false };
        const rows = make(x!);
        const { attended, rest } = rows.forward.ways.attendToSelf(rows, attention);
        return attended.add(rest!);
      };

    it("self-attention with one head", () => {
      check("one-head-matrix", [noise(r, 6, 5, 7), noise(r, 7, 24)], attend(1, 6));
    });

    it("not with two, nor on wide rows", () => {
      leaves("one-head-matrix", [noise(r, 6, 5, 7), noise(r, 7, 24)], attend(2, 3));
      leaves("one-head-matrix", [noise(r, 6, 5, 12), noise(r, 12, 24)], attend(1, 6));
    });
  });

  it("split-kernels: a query that meets keys, and rows that meet in pairs", () => {
    const inputs = [noise(r, 6, 4), noise(r, 6, 5, 4), noise(r, 16, 3), noise(r, 3)];
    check("split-kernels", inputs, (make, q, k, kernel, bias) => {
      const keys = make(k!);
      return keys.forward.ways.meetQuery(make(q!), keys, kernel!, bias!);
    });
    check("split-kernels", [noise(r, 6, 5, 4), noise(r, 8, 1)], (make, x, kernel) => {
      const rows = make(x!);
      return rows.forward.ways.meetPairs(rows, kernel!);
    });
  });

  it("sum-by-product: rows by weights", () => {
    check("sum-by-product", [noise(r, 4, 5, 3), noise(r, 4, 5, 1)], (make, x, weights) => {
      const rows = make(x!);
      return rows.forward.ways.weightedSum(rows, make(weights!));
    });
  });

  describe("sums-first", () => {
    const inputs = [noise(r, 6, 4, 3), noise(r, 6, 4, 2), noise(r, 6, 5), noise(r, 5)];

    it.each([true, false])("a layer on products of rows, added up; with a bias: %s", (biased) => {
      check("sums-first", biased ? inputs : inputs.slice(0, 3), (make, a, b, kernel, bias) =>
        project(make(a!).outer(make(b!)), kernel!, bias ?? null).sum(),
      );
    });

    it("where the rows themselves are needed too", () => {
      check("sums-first", [...inputs, noise(r, 15, 4)], (make, a, b, kernel, bias, next) => {
        const rows = make(a!);
        const first = project(rows.outer(make(b!)), kernel!, bias!);
        return concat([first.sum(), project(rows.outer(first), next!, null).sum()]);
      });
    });

    it("not after a ReLU, nor for rows that are no products, nor without a sum", () => {
      leaves("sums-first", inputs, (make, a, b, kernel, bias) =>
        project(make(a!).outer(make(b!)), kernel!, bias!, true).sum(),
      );
      leaves("sums-first", [noise(r, 6, 4, 3), noise(r, 3, 5)], (make, x, kernel) =>
        project(make(x!), kernel!, null).sum(),
      );
      leaves("sums-first", inputs, (make, a, b, kernel, bias) =>
        project(make(a!).outer(make(b!)), kernel!, bias!).relu(),
      );
    });
  });

  it("pieces: a layer that sees each sample by itself, but no batch that leaves a rest", () => {
    const layer: Build = (make, x, kernel) => {
      const input = make(x!);
      return input.forward.ways.eachSample(input, (piece) => project(piece, kernel!, null));
    };
    const mode = { training: true, pieces: 2 };
    check("pieces", [noise(r, 8, 4), noise(r, 4, 3)], layer, mode);
    leaves("pieces", [noise(r, 7, 4), noise(r, 4, 3)], layer, mode);
  });

  it("the plain way of all this is what the words say", () => {
    const where = ids(7, r, 20, 5);
    agree(
      [noise(r, 7, 4), noise(r, 4, 3)],
      computed(
        [],
        (make, ...x) => {
          const rows = make(lookUp(x[0]!, where, true));
          return project(concat([make({ kind: "mean", of: rows })]), x[1]!, null, true);
        },
        { training: true },
      ),
      (table, kernel) => tf.relu(tf.matMul(tf.mean(gathered(table!, where), 2), kernel!)),
    );
    agree(
      [noise(r, 4, 5, 3), noise(r, 4, 5, 1)],
      computed(
        [],
        (make, x, weights) => {
          const rows = make(x!);
          return rows.forward.ways.weightedSum(rows, make(weights!));
        },
        { training: true },
      ),
      (rows, weights) => tf.sum(tf.mul(rows!, weights!), 2),
    );
  });
});

it("every rewrite of a model was held against the plain way above", () => {
  expect([...checked].sort()).toEqual([...modelRewrites].sort());
});
