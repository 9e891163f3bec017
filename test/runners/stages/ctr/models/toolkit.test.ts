import { describe, expect, it } from "vitest";
import { Parameters } from "../../../../../runners/stages/ctr/toolkit/parameters.js";
import { Forward } from "../../../../../runners/stages/ctr/toolkit/expression.js";
import { plainWays } from "../../../../../runners/stages/ctr/toolkit/plain.js";
import { gruCell } from "../../../../../runners/stages/ctr/toolkit/gru.js";
import { dice } from "../../../../../runners/stages/ctr/toolkit/dice.js";
import { Kit } from "../../../../../runners/stages/ctr/toolkit/kit.js";
import { crossEntropy } from "../../../../../runners/stages/ctr/toolkit/loss.js";
import {
  activate,
  leakyRelu,
  linear,
  lookUp,
  matMul,
  reduce,
  selectRows,
} from "../../../../../runners/stages/ctr/toolkit/operations.js";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { Value } from "../../../../../runners/stages/ctr/toolkit/value.js";
import { agree, noise } from "./agree.js";
import { difference, smallShape } from "./models.js";

const kitOf = (replicas: number): Kit =>
  new Kit(new Parameters(Array.from({ length: replicas }, (_, i) => i)), smallShape("din", null), {
    target: 1,
    history: 1,
    user: 0,
    knowledge: 0,
  });

const scoring = new Forward({ training: false }, plainWays);
const given = (tensor: Tensor): Value => new Value(tensor, scoring);

describe.each([1, 3])(
  "with %i replicas, gradients by hand are those of the plain formula:",
  (r) => {
    it("linear, with and without bias and ReLU", () => {
      const plain = (x: Tensor, w: Tensor, b?: Tensor): Tensor => {
        const sum = tf.matMul(x, w);
        return b === undefined ? sum : tf.add(sum, tf.expandDims(b, 1));
      };
      const [x, w, b] = [noise(r, 5, 4), noise(r, 4, 3), noise(r, 3)];
      agree([x, w], (x, w) => linear(x, w, null), plain);
      agree([x, w, b], (x, w, b) => linear(x, w, b!), plain);
      agree(
        [x, w, b],
        (x, w, b) => linear(x, w, b!, { relu: true }),
        (x, w, b) => tf.relu(plain(x, w, b)),
      );
      agree(
        [w, b],
        (w, b) => linear(x, w, b!, { leaf: true }),
        (w, b) => plain(x, w, b),
      );
    });

    it.each([4, 100])("look-up in a table of %i rows, where ids repeat", (rows) => {
      const ids = tf.tensor2d(
        Array.from({ length: r * 6 }, (_, i) => (i * 7) % 4),
        [r, 6],
        "int32",
      );
      const plain = (table: Tensor): Tensor =>
        tf.matMul(tf.cast(tf.oneHot(ids as never, rows), "float32"), table);
      for (const gradient of ["sums", "product"] as const) {
        agree([noise(r, rows, 3)], (table) => lookUp(table, ids, gradient), plain);
      }
    });

    it("products, reductions, activations and selected rows", () => {
      agree(
        [noise(r, 2, 3, 4), noise(r, 2, 4, 5)],
        (a, b) => matMul(a, b),
        (a, b) => tf.matMul(a, b),
      );
      agree(
        [noise(r, 2, 3, 4), noise(r, 2, 5, 4)],
        (a, b) => matMul(a, b, true),
        (a, b) => tf.matMul(a, b, false, true),
      );
      for (const kind of ["sum", "mean"] as const) {
        agree(
          [noise(r, 2, 3, 4)],
          (x) => reduce(x, 2, kind),
          (x) => tf[kind](x, 2),
        );
      }
      agree(
        [noise(r, 7)],
        (x) => activate(x, "Sigmoid"),
        (x) => tf.sigmoid(x),
      );
      agree(
        [noise(r, 7)],
        (x) => activate(x, "Tanh"),
        (x) => tf.tanh(x),
      );
      agree(
        [noise(r, 7)],
        (x) => activate(x, "Relu"),
        (x) => tf.relu(x),
      );
      agree(
        [noise(r, 7)],
        (x) => leakyRelu(x, 0.01),
        (x) => tf.leakyRelu(x, 0.01),
      );
      agree(
        [noise(r, 2, 3, 4)],
        (x) => selectRows(x, [2, 0, 2]),
        (x) => tf.gather(x, tf.tensor1d([2, 0, 2], "int32"), 2),
      );
    });

    it("cross-entropy", () => {
      const labels = tf.cast(tf.greater(noise(r, 9), 0), "float32");
      agree(
        [tf.mul(noise(r, 9), 5)],
        (z) => crossEntropy(z, labels),
        (z) => tf.mean(tf.sub(tf.softplus(z), tf.mul(z, labels)), 1),
      );
      // Far out, where e^z overflows.
      const far = crossEntropy(tf.tensor2d([[200, -200]]), tf.tensor2d([[0, 1]]));
      expect(far.dataSync()[0]).toBeCloseTo(200, 3);
    });

    it("Dice by the batch's statistics", () => {
      const kit = kitOf(r);
      const layer = dice(kit, "dice", 2, 3);
      const training = new Forward({ training: true }, plainWays);
      const alpha = kit.parameters.list[0]!.variable;
      alpha.assign(noise(r, 1) as never);
      const plain = (x: Tensor): Tensor => {
        const mean = tf.mean(x, 1, true);
        const variance = tf.div(tf.sum(tf.square(tf.sub(x, mean)), 1, true), x.shape[1]! - 1);
        const p = tf.sigmoid(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-9))));
        const a = tf.reshape(alpha, [r, 1, 1, 1]);
        return tf.add(tf.mul(tf.mul(a, x), tf.sub(1, p)), tf.mul(x, p));
      };
      const x = noise(r, 6, 2, 3);
      agree([x], (x) => layer(new Value(x, training)).tensor, plain);
      const of = (f: (x: Tensor) => Tensor): Float32Array =>
        tf
          .variableGrads(() => tf.sum(tf.square(f(x))) as never, [alpha])
          .grads[alpha.name]!.dataSync() as Float32Array;
      expect(
        difference(
          of((x) => layer(new Value(x, training)).tensor),
          of(plain),
        ),
      ).toBeLessThan(1e-4);
    });

    it.each(["GRU", "AGRU", "AUGRU"] as const)("a step of %s", (kind) => {
      const kit = kitOf(r);
      const cell = gruCell(kit, "gru", 3, 4, { kind });
      for (const { variable } of kit.parameters.list)
        variable.assign(noise(...variable.shape) as never);
      const parameter = (name: string): Tensor =>
        kit.parameters.list.find((each) => each.name === name)!.variable;
      const [wh, bh] = [parameter("gru.hidden.kernel"), parameter("gru.hidden.bias")];
      const plain = (x: Tensor, s: Tensor, a?: Tensor): Tensor => {
        const h = tf.add(tf.matMul(s, wh), tf.expandDims(bh, 1));
        const [xr, xz, xn] = tf.split(x, 3, 2) as [Tensor, Tensor, Tensor];
        const [hr, hz, hn] = tf.split(h, 3, 2) as [Tensor, Tensor, Tensor];
        const z = tf.sigmoid(tf.add(xz, hz));
        const n = tf.tanh(tf.add(xn, tf.mul(tf.sigmoid(tf.add(xr, hr)), hn)));
        const share = kind === "GRU" ? tf.sub(1, z) : kind === "AGRU" ? a! : tf.mul(a!, z);
        return tf.add(tf.mul(tf.sub(1, share), s), tf.mul(share, n));
      };
      const inputs = [noise(r, 2, 12), noise(r, 2, 4), ...(kind === "GRU" ? [] : [noise(r, 2, 1)])];
      agree(inputs, (x, s, a) => cell.next(given(x), given(s), a && given(a)).tensor, plain);
      // From no state at all as from zeros.
      const [x, , a] = inputs as [Tensor, Tensor, Tensor | undefined];
      const weight = a && given(a);
      const first = cell.next(given(x), null, weight).tensor.dataSync();
      const zero = cell.next(given(x), given(tf.zeros([r, 2, 4])), weight).tensor;
      expect(difference(first, zero.dataSync())).toBeLessThan(1e-6);
    });
  },
);

describe("a value", () => {
  it("says what it was wrongly given", () => {
    const vector = given(tf.zeros([1, 2, 6]));
    expect(() => vector.mean()).toThrow("needs rows and was given a vector");
    expect(() => vector.toRows(2).toRows(2)).toThrow("needs a vector and was given rows");
    expect([vector.toRows(2).rows, vector.toRows(2).width, vector.rows]).toEqual([2, 3, null]);
  });

  it("multiplies within rows, this one's numbers first", () => {
    const a = given(tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]));
    const b = given(tf.tensor4d([10, 100, 1000, 20, 200, 2000], [1, 1, 2, 3]));
    expect([...a.outer(b).tensor.dataSync()]).toEqual([
      10, 100, 1000, 20, 200, 2000, 60, 600, 6000, 80, 800, 8000,
    ]);
  });
});

describe("a generator", () => {
  it("is decided by seed and name, and spreads as it should", () => {
    const take = (seed: number, name: string): number[] => {
      const source = random(seed, name);
      return Array.from({ length: 20000 }, () => source.uniform());
    };
    expect(take(1, "a")).toEqual(take(1, "a"));
    expect(take(1, "a")[0]).not.toBe(take(2, "a")[0]);
    expect(take(1, "a")[0]).not.toBe(take(1, "b")[0]);
    const values = take(3, "table");
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    const source = random(3, "normal");
    const normals = Array.from({ length: 20000 }, () => source.normal());
    const square = normals.reduce((sum, x) => sum + x * x, 0) / normals.length;
    expect(Math.abs(square - 1)).toBeLessThan(0.05);
  });

  it("gives the same numbers at once as one by one, in every state that it can be in", () => {
    for (const before of [0, 1, 2, 3, 125, 126, 127, 128]) {
      for (const count of [0, 1, 2, 7, 64, 511, 512]) {
        const [single, many] = [random(5, "weights"), random(5, "weights")];
        const take = ({ normal }: { normal: () => number }): number[] =>
          Array.from({ length: before }, normal);
        take({ normal: () => single.normal() });
        take({ normal: () => many.normal() });
        // An odd number of uniform ones has a pair of words end where a block ends.
        expect(many.uniform()).toBe(single.uniform());
        const expected = Float32Array.from({ length: count }, () => 0.25 * single.normal());
        const found = new Float32Array(count);
        many.normals(found, 0.25);
        expect(found).toEqual(expected);
        expect([many.normal(), many.uniform()]).toEqual([single.normal(), single.uniform()]);
      }
    }
    // The generator's numbers decide every result that was published: they stay as they are.
    const source = random(7, "table");
    const numbers = [source.uniform(), source.uniform(), source.normal(), source.normal()];
    expect(numbers).toEqual([
      0.11035941642882319, 0.17024613990261273, 0.9981735091880993, 0.4080494439603305,
    ]);
  });
});
