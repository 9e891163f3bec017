import { afterEach, describe, expect, it } from "vitest";
import type { TensorFlow } from "../../../../../runners/base/tensorflow.js";
import { EagerSession } from "../../../../../runners/stages/ctr/graph/eager-session.js";
import type { FunctionSpec } from "../../../../../runners/stages/ctr/graph/session.js";
import {
  makeSession,
  type MakeOptions,
} from "../../../../../runners/stages/ctr/graph/make-session.js";
import { GraphSession } from "../../../../../runners/stages/ctr/graph/graph-session.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";

type Tensor = TensorFlow.Tensor;
const variables: TensorFlow.Variable[] = [];
const variable = (tensor: Tensor): TensorFlow.Variable => {
  const made = tf.variable(tensor);
  variables.push(made);
  return made;
};

afterEach(() => {
  for (const made of variables.splice(0)) made.dispose();
});

const ramp = (length: number, scale = 0.1): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i) * scale);

describe("a traced function", () => {
  it("gives what it gives eagerly, and remembers what it assigned", async () => {
    const total = variable(tf.zeros([3]));
    const spec: FunctionSpec = {
      inputs: [{ shape: [3], dtype: "float32" }],
      run: ([x]) => {
        total.assign(tf.add(total, x!) as never);
        return [tf.mul(total, 2)];
      },
    };
    const session = await GraphSession.create({ f: spec });
    expect([...session.run("f", [Float32Array.of(1, 2, 3)])[0]!]).toEqual([2, 4, 6]);
    expect([...session.run("f", [Float32Array.of(1, 2, 3)])[0]!]).toEqual([4, 8, 12]);
    expect([...session.read([total])[0]!]).toEqual([2, 4, 6]);
    session.write([total], [Float32Array.of(5, 5, 5)]);
    expect([...session.run("f", [Float32Array.of(1, 1, 1)])[0]!]).toEqual([12, 12, 12]);
    session.dispose();
    // Tracing itself leaves the variable as it was.
    expect([...total.dataSync()]).toEqual([0, 0, 0]);
  });

  // Each turn needs what the turn before it left: a turn that reads too early changes the result.
  it.each([1, 2, 3, 4, 7, 8].flatMap((times) => [[times, false] as const, [times, true] as const]))(
    "takes %i turns of a loop one after another, compiled: %s",
    async (times, xla) => {
      const total = variable(tf.zeros([]));
      const product = variable(tf.ones([2]));
      const step: FunctionSpec = {
        inputs: [{ shape: [2], dtype: "int32" }],
        loop: { times, stride: [0, 3] },
        run: ([begin]) => {
          const at = tf.cast(tf.slice(begin!, [1], [1]), "float32");
          total.assign(tf.add(tf.mul(total, 2), tf.sum(at)) as never);
          product.assign(tf.add(tf.mul(product, 0.5), total) as never);
          return [];
        },
      };
      const session = await GraphSession.create({ step }, { xla });
      let expected = { total: 0, product: 1 };
      for (const first of [1, 5]) {
        session.run("step", [Int32Array.of(0, first)]);
        for (let turn = 0; turn < times; turn++) {
          const next = expected.total * 2 + first + 3 * turn;
          expected = { total: next, product: expected.product * 0.5 + next };
        }
      }
      const [sum, products] = session.read([total, product]);
      session.dispose();
      expect(sum![0]).toBe(expected.total);
      for (const value of products!) expect(value / expected.product).toBeCloseTo(1, 6);
    },
  );

  it("trains any tfjs model with any tfjs optimizer as eager does", async () => {
    const make = () => {
      const table = variable(tf.tensor(ramp(40), [10, 4]));
      const weight = variable(tf.tensor(ramp(4, 1), [4, 1]));
      const optimizer = tf.train.adam(0.05);
      const spec: FunctionSpec = {
        inputs: [
          { shape: [6], dtype: "int32" },
          { shape: [6, 1], dtype: "float32" },
        ],
        run: ([ids, label]) => {
          const loss = (): TensorFlow.Scalar => {
            const hidden = tf.tanh(tf.gather(table, ids as TensorFlow.Tensor1D));
            const out = tf.matMul(hidden as TensorFlow.Tensor2D, weight as never);
            return tf.mean(tf.squaredDifference(out, label!)) as TensorFlow.Scalar;
          };
          return [optimizer.minimize(loss, true, [table, weight])!];
        },
      };
      return { spec, optimizer, table };
    };
    const ids = Int32Array.of(0, 3, 3, 9, 1, 2);
    const labels = Float32Array.of(1, 0, 1, 0, 1, 1);
    const one = make();
    const eager = new EagerSession({ step: one.spec });
    const two = make();
    // The optimizer makes its own variables in its first step; tracing needs them there.
    const warm = new EagerSession({ step: two.spec });
    const first = [eager.run("step", [ids, labels])[0]![0], warm.run("step", [ids, labels])[0]![0]];
    expect(first[0]).toBe(first[1]);
    const session = await GraphSession.create({ step: two.spec });
    for (let step = 0; step < 20; step++) {
      const expected = eager.run("step", [ids, labels])[0]![0]!;
      const found = session.run("step", [ids, labels])[0]![0]!;
      expect(Math.abs(found - expected) / expected).toBeLessThan(1e-5);
    }
    session.dispose();
    one.optimizer.dispose();
    two.optimizer.dispose();
  });

  it("names the operation that has no graph form", async () => {
    const spec: FunctionSpec = {
      inputs: [{ shape: [4], dtype: "float32" }],
      run: ([x]) => [tf.real(tf.fft(tf.complex(x!, tf.zerosLike(x!))))],
    };
    await expect(GraphSession.create({ f: spec })).rejects.toThrow(/operation Complex/);
  });

  it("takes a full memory for a failure, and anything else for a function that must run eagerly", async () => {
    const making = (message: string): Promise<string> => {
      let reason = "no fallback";
      const run = (): never => {
        throw new Error(message);
      };
      const how = { engine: "auto", xla: false, onFallback: (said: string) => (reason = said) };
      return makeSession({ f: { inputs: [], run } }, how as MakeOptions).then(() => reason);
    };
    expect(await making("no graph form")).toBe("no graph form");
    for (const full of [
      "Invalid TF_Status: 8\nMessage: failed to allocate memory",
      "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9] and type float on /device:CPU:0 by allocator cpu",
      "Invalid TF_Status: 13\nMessage: Dst tensor is not initialized.",
    ]) {
      await expect(making(full)).rejects.toThrow(full);
    }
  });

  it("refuses a function that reads the values it works on", async () => {
    const spec: FunctionSpec = {
      inputs: [{ shape: [4], dtype: "float32" }],
      run: ([x]) => [tf.mul(x!, tf.exp(x!).dataSync()[0]!)],
    };
    await expect(GraphSession.create({ f: spec })).rejects.toThrow(/read while/);
  });
});
