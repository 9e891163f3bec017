import { differentiable, execute, tf, type Tensor } from "../tensorflow.js";

/*
 * Operations on tensors whose first axis is the replica. Their gradients take few operations. Layers
 * are made of these; backbones never see them.
 */

const float = { T: "float32" } as const;

/** Batched matrix product over all leading axes (which broadcast); no gradient. */
export function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return execute("BatchMatMulV2", { ...float, adj_x: transposeA, adj_y: transposeB }, [a, b]);
}

/** a · b of [..., n, k] and [..., k, m], or a · bᵀ; leading axes are equal. */
export function matMul(a: Tensor, b: Tensor, transposeB = false): Tensor {
  return differentiable(
    [a, b],
    (save) => {
      save([a, b]);
      return product(a, b, false, transposeB);
    },
    (dy, [x, y]) => [
      product(dy, y!, false, !transposeB),
      transposeB ? product(dy, x!, true) : product(x!, dy, true),
    ],
  );
}

/** aᵀ · b of [..., k, n] and [..., k, m]; leading axes are equal. */
export function matMulOfColumns(a: Tensor, b: Tensor): Tensor {
  return differentiable(
    [a, b],
    (save) => {
      save([a, b]);
      return product(a, b, true);
    },
    (dy, [x, y]) => [product(y!, dy, false, true), product(x!, dy)],
  );
}

/** What {@link linear} does besides the product. */
export interface LinearOptions {
  readonly relu?: boolean;
  /** True if nobody needs the gradient of the input (a knowledge vector): it is not computed. */
  readonly leaf?: boolean;
}

/**
 * x · w + b for x [R, n, in], w [R, in, out], b [R, out] or none: [R, n, out]. With one replica it
 * uses the plain matrix operations, which TensorFlow fuses and runs on all cores.
 */
export function linear(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  { relu = false, leaf = false }: LinearOptions = {},
): Tensor {
  const inputs = [...(leaf ? [] : [x]), w, ...(b === null ? [] : [b])];
  return differentiable(
    inputs,
    (save) => {
      const y = affine(x, w, b, relu);
      save(relu ? [x, w, y] : [x, w]);
      return y;
    },
    (dy, saved) => {
      const [x, w, y] = saved as [Tensor, Tensor, Tensor?];
      const dz = beforeRelu(dy, y);
      return [
        ...(leaf ? [] : [multiply(dz, w, false, true)]),
        multiply(x, dz, true),
        ...(b === null ? [] : [biasGradient(dz)]),
      ];
    },
  );
}

/**
 * x · w + c · v + b as one product, for x [R, n, k] and c [R, n, l], with kernels w [R, k, out] and
 * v [R, l, out]. c depends on no parameter, so it gets no gradient.
 */
export function linearBeside(
  [x, w]: readonly [Tensor, Tensor],
  [c, v]: readonly [Tensor, Tensor],
  b: Tensor | null,
  relu: boolean,
): Tensor {
  return differentiable(
    [x, w, v, ...(b === null ? [] : [b])],
    (save) => {
      const both = tf.concat([x, c], 2);
      const y = affine(both, tf.concat([w, v], 1), b, relu);
      save(relu ? [both, w, y] : [both, w]);
      return y;
    },
    (dy, saved) => {
      const [both, w, y] = saved as [Tensor, Tensor, Tensor?];
      const dz = beforeRelu(dy, y);
      const kernels = tf.split(multiply(both, dz, true), [w.shape[1]!, v.shape[1]!], 1);
      return [multiply(dz, w, false, true), ...kernels, ...(b === null ? [] : [biasGradient(dz)])];
    },
  );
}

/** x · w + b, through ReLU or not; no gradient. */
function affine(x: Tensor, w: Tensor, b: Tensor | null, relu: boolean): Tensor {
  const sum = b === null ? multiply(x, w) : addBias(multiply(x, w), b);
  return relu ? execute("Relu", float, [sum]) : sum;
}

/** The gradient before a ReLU whose output was y; without a ReLU (y undefined), dy itself. */
const beforeRelu = (dy: Tensor, y: Tensor | undefined): Tensor =>
  y === undefined ? dy : execute("ReluGrad", float, [dy, y]);

/** Product of two tensors [R, n, k] and [R, k, m], as one plain product where R is 1; no gradient. */
function multiply(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  if (a.shape[0] !== 1) return product(a, b, transposeA, transposeB);
  const [, n, k] = a.shape as [number, number, number];
  const [, p, q] = b.shape as [number, number, number];
  const plain = execute("MatMul", { ...float, transpose_a: transposeA, transpose_b: transposeB }, [
    tf.reshape(a, [n, k]),
    tf.reshape(b, [p, q]),
  ]);
  return tf.reshape(plain, [1, plain.shape[0]!, plain.shape[1]!]);
}

function addBias(x: Tensor, b: Tensor): Tensor {
  const [replicas, n, width] = x.shape as [number, number, number];
  if (replicas !== 1) return execute("AddV2", float, [x, tf.reshape(b, [replicas, 1, width])]);
  const sum = execute("BiasAdd", float, [tf.reshape(x, [n, width]), tf.reshape(b, [width])]);
  return tf.reshape(sum, [1, n, width]);
}

function biasGradient(dz: Tensor): Tensor {
  const [replicas, n, width] = dz.shape as [number, number, number];
  if (replicas !== 1) return tf.sum(dz, 1);
  return tf.reshape(execute("BiasAddGrad", float, [tf.reshape(dz, [n, width])]), [1, width]);
}

/**
 * Rows of tables [R, n, width] by ids [R, m]: [R, m, width], as one gather from the tables laid end
 * to end. The gradient is one sum by segments, or one product with the ids as ones and zeros.
 */
export function lookUp(tables: Tensor, ids: Tensor, gradient: "sums" | "product"): Tensor {
  const [replicas, n, width] = tables.shape as [number, number, number];
  const m = ids.shape[1]!;
  return differentiable(
    [tables],
    (save) => {
      const flat = idsInOneTable(ids, n);
      save([gradient === "product" ? ids : flat]);
      return tf.reshape(gather(tf.reshape(tables, [replicas * n, width]), flat, 0), [
        replicas,
        m,
        width,
      ]);
    },
    (dy, [saved]) => {
      if (gradient === "product") return [product(oneHot(saved!, n), dy, true)];
      const sums = execute(
        "UnsortedSegmentSum",
        { T: "float32", Tindices: "int32", Tnumsegments: "int32" },
        [tf.reshape(dy, [replicas * m, width]), saved!, tf.scalar(replicas * n, "int32")],
      );
      return [tf.reshape(sums, [replicas, n, width])];
    },
  );
}

/** int32 [R, m] ids, each in its replica's table of n rows, as ids [R * m] in one table of all. No gradient. */
export function idsInOneTable(ids: Tensor, n: number): Tensor {
  const [replicas, m] = ids.shape as [number, number];
  if (replicas === 1) return tf.reshape(ids, [m]);
  const starts = Int32Array.from({ length: replicas }, (_, r) => r * n);
  return tf.reshape(tf.add(ids, tf.tensor2d(starts, [replicas, 1])), [replicas * m]);
}

/** In place of tf.gather, which reads the indices back to check them; TensorFlow checks them too. No gradient. */
function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  const types = { Tparams: "float32", Tindices: "int32", Taxis: "int32" } as const;
  return execute("GatherV2", types, [x, indices, tf.scalar(axis, "int32")]);
}

/** float32 [..., depth], 1 at each id and 0 elsewhere; no gradient. */
export function oneHot(ids: Tensor, depth: number): Tensor {
  const inputs = [ids, tf.scalar(depth, "int32"), tf.scalar(1), tf.scalar(0)];
  return execute("OneHot", { T: "float32", TI: "int32" }, inputs);
}

/**
 * Rows of x [R, B, n, width] by fixed places. The gradient adds up what came from each place by a
 * product with a matrix of zeros and ones.
 */
export function selectRows(x: Tensor, places: readonly number[]): Tensor {
  const n = x.shape[2]!;
  return differentiable(
    [x],
    () => gather(x, tf.tensor1d([...places], "int32"), 2),
    (dy) => {
      const origin = new Float32Array(n * places.length);
      places.forEach((place, i) => (origin[place * places.length + i] = 1));
      return [product(tf.tensor4d(origin, [1, 1, n, places.length]), dy)];
    },
  );
}

/** Sum (or mean) over one axis, which is removed. The gradient is one broadcast. */
export function reduce(x: Tensor, axis: number, kind: "sum" | "mean"): Tensor {
  const shape = x.shape;
  const kept = shape.map((n, i) => (i === axis ? 1 : n));
  return differentiable(
    [x],
    () => (kind === "sum" ? tf.sum(x, axis) : tf.mean(x, axis)),
    (dy) => {
      const share = kind === "sum" ? dy : tf.mul(dy, 1 / shape[axis]!);
      return [broadcast(tf.reshape(share, kept), shape)];
    },
  );
}

/**
 * Σ weight · row of rows [R, B, n, width] by weights [R, B, n, 1]: [R, B, width].
 *
 * @param byProduct whether it is computed as one matrix product for each sample
 */
export function weightedSum(rows: Tensor, weights: Tensor, byProduct: boolean): Tensor {
  return differentiable(
    [rows, weights],
    (save) => {
      save([rows, weights]);
      if (!byProduct) return tf.sum(tf.mul(rows, weights), 2);
      const [r, b, n, w] = rows.shape as [number, number, number, number];
      return tf.reshape(product(tf.reshape(weights, [r, b, 1, n]), rows), [r, b, w]);
    },
    (dy, [rows, weights]) => {
      const each = tf.expandDims(dy, 2);
      return [tf.mul(each, weights!), tf.sum(tf.mul(each, rows!), 3, true)];
    },
  );
}

/** No gradient. */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  const target = tf.tensor1d([...shape], "int32");
  return execute("BroadcastTo", { T: "float32", Tidx: "int32" }, [x, target]);
}

type Activation = "Sigmoid" | "Tanh" | "Relu";

/** Cut along an axis into parts of these sizes; tfjs can't differentiate a cut into one. */
export const cut = (x: Tensor, sizes: readonly number[], axis: number): Tensor[] =>
  sizes.length === 1 ? [x] : tf.split(x, [...sizes], axis);

/** An activation whose gradient is one operation of its output. */
export function activate(x: Tensor, kind: Activation): Tensor {
  return differentiable(
    [x],
    (save) => {
      const y = execute(kind, float, [x]);
      save([y]);
      return y;
    },
    (dy, [y]) => [
      kind === "Relu"
        ? execute("ReluGrad", float, [dy, y!])
        : execute(`${kind}Grad`, float, [y!, dy]),
    ],
  );
}

/** x where positive, slope · x elsewhere. */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  const attributes = { ...float, alpha: { float: slope } };
  return differentiable(
    [x],
    (save) => {
      save([x]);
      return execute("LeakyRelu", attributes, [x]);
    },
    (dy, [x]) => [execute("LeakyReluGrad", attributes, [dy, x!])],
  );
}
