import { DataType } from "./node.js";

/** The shape of a tensor, and its dtype in tfjs' words. */
export interface Form {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** What is known of an input while a function is traced. */
export interface Known extends Form {
  /** Its numbers; null where they depend on an input of the function or a variable. */
  readonly values: () => ArrayLike<number> | null;
}

/** An attribute of the operation, as tfjs-node gives it; undefined where it is not set. */
type Attributes = (name: string) => unknown;

/** Thrown where a rule needs numbers that are not known. */
class Unknown extends Error {}

type Rule = (inputs: readonly Known[], attributes: Attributes) => Form | readonly Form[];

/**
 * The outputs of an operation, by TensorFlow's definition of it: what its shape function would say. Null where
 * there is no rule for it, or a shape depends on numbers that are not known.
 *
 * @param attributes the operation's attributes; a type is a number of {@link DataType}
 */
export function outputsOf(
  op: string,
  inputs: readonly Known[],
  attributes: Attributes,
): readonly Form[] | null {
  const rule = rules.get(op);
  if (rule === undefined) return null;
  try {
    const outputs = rule(inputs, attributes);
    return "shape" in outputs ? [outputs] : outputs;
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

const numbers = ({ values }: Known): number[] => {
  const known = values();
  if (known === null) throw new Unknown();
  return Array.from(known);
};

const number = (input: Known): number => numbers(input)[0]!;

/** An axis counted from the front, where a negative one counts from the end. */
const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const typeAttribute = (value: unknown): string => {
  const found = Object.entries(DataType).find(([, number]) => number === value);
  if (found === undefined) throw new Unknown();
  return found[0];
};

const count = (attribute: unknown): number => {
  if (typeof attribute !== "number") throw new Unknown();
  return attribute;
};

/** Shapes side by side from the last axis on, where 1 stands for any size (NumPy's broadcasting). */
function broadcast(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

const like: Rule = ([first]) => first!;
const elementwise: Rule = (inputs) => ({
  shape: broadcast(...inputs.map(({ shape }) => shape)),
  dtype: inputs[0]!.dtype,
});
const asBool =
  (rule: Rule): Rule =>
  (inputs, attributes) => ({ ...(rule(inputs, attributes) as Form), dtype: "bool" });

const without = (shape: readonly number[], axes: readonly number[], keep: boolean): number[] => {
  const gone = new Set(axes.map((axis) => fromFront(axis, shape.length)));
  return shape.flatMap((size, axis) => (!gone.has(axis) ? [size] : keep ? [1] : []));
};

const reduced: Rule = ([x, axes], attributes) => ({
  shape: without(x!.shape, numbers(axes!), attributes("keep_dims") === true),
  dtype: x!.dtype,
});

const argument: Rule = ([x, axis], attributes) => ({
  shape: without(x!.shape, [number(axis!)], false),
  dtype: typeAttribute(attributes("output_type")),
});

/** A product of the last two axes; the ones before them are broadcast. */
const product =
  (first: string, second: string): Rule =>
  ([a, b], attributes) => {
    const rows = attributes(first) === true ? -1 : -2;
    const columns = attributes(second) === true ? -2 : -1;
    return {
      shape: [
        ...broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2)),
        a!.shape.at(rows)!,
        b!.shape.at(columns)!,
      ],
      dtype: a!.dtype,
    };
  };

const reshaped: Rule = ([x, sizes]) => {
  const size = x!.shape.reduce((all, one) => all * one, 1);
  const wanted = numbers(sizes!);
  const given = wanted.reduce((all, one) => (one === -1 ? all : all * one), 1);
  return {
    shape: wanted.map((one) => (one === -1 ? size / given : one)),
    dtype: x!.dtype,
  };
};

const slice: Rule = ([x, begin, size]) => ({
  shape: numbers(size!).map((one, axis) =>
    one === -1 ? x!.shape[axis]! - numbers(begin!)[axis]! : one,
  ),
  dtype: x!.dtype,
});

const padded: Rule = ([x, paddings]) => {
  const around = numbers(paddings!);
  return {
    shape: x!.shape.map((size, axis) => size + around[2 * axis]! + around[2 * axis + 1]!),
    dtype: x!.dtype,
  };
};

const joined: Rule = (inputs) => {
  const parts = inputs.slice(0, -1);
  const { shape, dtype } = parts[0]!;
  const axis = fromFront(number(inputs.at(-1)!), shape.length);
  const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  return { shape: shape.with(axis, length), dtype };
};

const gathered: Rule = ([x, indices, axis], attributes) => {
  const at = fromFront(number(axis!), x!.shape.length);
  const batch = fromFront(count(attributes("batch_dims") ?? 0), indices!.shape.length);
  return {
    shape: [...x!.shape.slice(0, at), ...indices!.shape.slice(batch), ...x!.shape.slice(at + 1)],
    dtype: x!.dtype,
  };
};

const oneHot: Rule = ([indices, depth, on], attributes) => {
  const axis = count(attributes("axis") ?? -1);
  const at = axis === -1 ? indices!.shape.length : axis;
  return { shape: indices!.shape.toSpliced(at, 0, number(depth!)), dtype: on!.dtype };
};

const unpacked: Rule = ([x], attributes) => {
  const axis = count(attributes("axis") ?? 0);
  const part = { shape: without(x!.shape, [axis], false), dtype: x!.dtype };
  return Array.from({ length: count(attributes("num")) }, () => part);
};

const splitInto = (x: Known, axis: number, sizes: readonly number[]): readonly Form[] =>
  sizes.map((size) => ({
    shape: x.shape.with(fromFront(axis, x.shape.length), size),
    dtype: x.dtype,
  }));

const split: Rule = ([axis, x], attributes) => {
  const parts = count(attributes("num_split"));
  const at = fromFront(number(axis!), x!.shape.length);
  return splitInto(x!, at, Array<number>(parts).fill(x!.shape[at]! / parts));
};

const groups: readonly (readonly [string, Rule])[] = [
  ["Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Expm1 Floor", like],
  ["Inv Log Log1p Neg Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Sqrt", like],
  ["Square Tan Tanh OnesLike ZerosLike Elu Relu Relu6 Selu Softplus LeakyRelu", like],
  ["LogSoftmax Softmax ClipByValue Cumsum Cumprod ReverseV2 BiasAdd AddN", like],
  ["SigmoidGrad TanhGrad SqrtGrad RsqrtGrad InvGrad ReciprocalGrad", like],
  ["EluGrad ReluGrad LeakyReluGrad SoftplusGrad TensorScatterUpdate LogicalNot", like],
  ["IsFinite IsInf IsNan", asBool(like)],
  ["Add AddV2 Sub Mul Div RealDiv DivNoNan FloorDiv FloorMod Maximum Minimum", elementwise],
  ["Pow Atan2 SquaredDifference Xdivy LogicalAnd LogicalOr", elementwise],
  ["Equal NotEqual Greater GreaterEqual Less LessEqual", asBool(elementwise)],
  ["Select", ([, chosen]) => chosen!],
  [
    "SelectV2",
    (inputs, attributes) => ({
      ...(elementwise(inputs, attributes) as Form),
      dtype: inputs[1]!.dtype,
    }),
  ],
  ["Cast", ([x], attributes) => ({ shape: x!.shape, dtype: typeAttribute(attributes("DstT")) })],
  ["MatMul", product("transpose_a", "transpose_b")],
  ["BatchMatMul BatchMatMulV2 BatchMatMulV3", product("adj_x", "adj_y")],
  ["Sum Mean Max Min Prod All Any", reduced],
  ["ArgMax ArgMin", argument],
  ["BiasAddGrad", ([x]) => ({ shape: [x!.shape.at(-1)!], dtype: x!.dtype })],
  ["L2Loss", ([x]) => ({ shape: [], dtype: x!.dtype })],
  ["Reshape", reshaped],
  [
    "ExpandDims",
    ([x, axis]) => {
      const at = number(axis!);
      return {
        shape: x!.shape.toSpliced(at < 0 ? at + x!.shape.length + 1 : at, 0, 1),
        dtype: x!.dtype,
      };
    },
  ],
  [
    "Transpose",
    ([x, order]) => ({ shape: numbers(order!).map((axis) => x!.shape[axis]!), dtype: x!.dtype }),
  ],
  [
    "Tile",
    ([x, times]) => ({
      shape: numbers(times!).map((n, axis) => n * x!.shape[axis]!),
      dtype: x!.dtype,
    }),
  ],
  ["Slice", slice],
  ["Pad PadV2 MirrorPad", padded],
  ["ConcatV2", joined],
  ["Split", split],
  ["SplitV", ([x, sizes, axis]) => splitInto(x!, number(axis!), numbers(sizes!))],
  [
    "Pack",
    (inputs, attributes) => ({
      shape: inputs[0]!.shape.toSpliced(count(attributes("axis") ?? 0), 0, inputs.length),
      dtype: inputs[0]!.dtype,
    }),
  ],
  ["Unpack", unpacked],
  ["GatherV2", gathered],
  [
    "GatherNd",
    ([x, indices]) => ({
      shape: [...indices!.shape.slice(0, -1), ...x!.shape.slice(indices!.shape.at(-1))],
      dtype: x!.dtype,
    }),
  ],
  ["ScatterNd", ([, updates, sizes]) => ({ shape: numbers(sizes!), dtype: updates!.dtype })],
  [
    "UnsortedSegmentSum",
    ([x, ids, segments]) => ({
      shape: [number(segments!), ...x!.shape.slice(ids!.shape.length)],
      dtype: x!.dtype,
    }),
  ],
  ["OneHot", oneHot],
  ["Fill", ([sizes, value]) => ({ shape: numbers(sizes!), dtype: value!.dtype })],
  ["BroadcastTo", ([x, sizes]) => ({ shape: numbers(sizes!), dtype: x!.dtype })],
  [
    "StatelessRandomUniform",
    ([sizes], attributes) => ({
      shape: numbers(sizes!),
      dtype: typeAttribute(attributes("dtype")),
    }),
  ],
];

const rules: ReadonlyMap<string, Rule> = new Map(
  groups.flatMap(([names, rule]) => names.split(" ").map((name) => [name, rule] as const)),
);
