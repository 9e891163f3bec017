import { tf, type Variable } from "../tensorflow.js";
import type { FunctionSpec } from "./session.js";
import {
  constant,
  DataType,
  dataTypeOf,
  shape,
  type,
  type ConstantValue,
  type GraphNode,
} from "./node.js";
import { CannotTrace } from "./cannot-trace.js";
import { Recorder } from "./record.js";

/** A traced function without variables whose first axis of inputs and outputs may have any size. */
export interface FrozenFunction {
  readonly nodes: readonly GraphNode[];
  /** Placeholders, in the order of the function's inputs. */
  readonly placeholders: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly dtype: number }[];
}

const { int32 } = DataType;

/**
 * Traces a function with its variables' present values as constants, and for any batch size: it is
 * traced at two sizes, and the numbers in which the two graphs differ (sizes in reshapes, tiles and
 * slices) become a · batch + b, computed from the size of the first input.
 *
 * Throws {@link CannotTrace} where the graphs differ in anything else.
 */
export function freeze(name: string, specOf: (batch: number) => FunctionSpec): FrozenFunction {
  // Primes that no layer is likely to have as a width, so that no two sizes are mistaken.
  const sizes = [1009, 1013] as const;
  const [one, two] = sizes.map((size) => record(name, specOf(size)));
  if (one!.nodes.length !== two!.nodes.length)
    throw new CannotTrace("the graph depends on the batch size");
  const placeholders = new Set(one!.placeholders);
  const batch = `${name}/batch`;
  const nodes = one!.nodes.flatMap((node, i): GraphNode[] => {
    const other = two!.nodes[i]!;
    if (node.op !== other.op || node.inputs.join() !== other.inputs.join()) {
      throw new CannotTrace(`the graph depends on the batch size at ${node.name}`);
    }
    if (placeholders.has(node.name)) return [anyBatch(node)];
    if (node.op === "Const") return bySize(node, other, sizes, batch);
    return [node];
  });
  return { ...one!, nodes: [...batchSize(batch, one!.placeholders[0]!, int32), ...nodes] };
}

/** Records with variables frozen: reading one gives a constant. */
function record(name: string, spec: FunctionSpec): FrozenFunction {
  const variables = new Map<string, Variable>();
  const handleOf = (variable: Variable): string => {
    const handle = `variable ${variable.id}`;
    variables.set(handle, variable);
    return handle;
  };
  const examples = spec.inputs.map(({ shape, dtype, example = 0 }) =>
    tf.fill([...shape], example, dtype),
  );
  try {
    const { nodes, placeholders, outputs } = new Recorder(name, { handleOf }).record(
      spec,
      examples,
    );
    const frozen = nodes.map((node) => {
      if (node.op !== "ReadVariableOp") return node;
      const variable = variables.get(node.inputs[0]!.replace(/:0$/, ""))!;
      const values = variable.dataSync();
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      return constant(node.name, {
        dtype: dataTypeOf(variable.dtype),
        shape: variable.shape,
        bytes,
      });
    });
    return { nodes: frozen, placeholders, outputs };
  } finally {
    for (const example of examples) example.dispose();
  }
}

const anyBatch = (node: GraphNode): GraphNode => {
  const sizes = node.attributes["shape"]!.value as readonly number[];
  return { ...node, attributes: { ...node.attributes, shape: shape([-1, ...sizes.slice(1)]) } };
};

/** The size of the first axis of a tensor, int32 []. */
function batchSize(name: string, tensor: string, dtype: number): GraphNode[] {
  const scalar = (value: number): ConstantValue => ({
    dtype: int32,
    shape: [],
    bytes: new Uint8Array(Int32Array.of(value).buffer),
  });
  return [
    {
      name: `${name}/shape`,
      op: "Shape",
      inputs: [`${tensor}:0`],
      attributes: { T: type(dtype), out_type: type(int32) },
    },
    constant(`${name}/zero`, scalar(0)),
    {
      name,
      op: "GatherV2",
      inputs: [`${name}/shape:0`, `${name}/zero:0`, `${name}/zero:0`],
      attributes: {
        Tparams: type(int32),
        Tindices: type(int32),
        Taxis: type(int32),
        batch_dims: { kind: "int", value: 0 },
      },
    },
  ];
}

/** A constant that is the same at both sizes as it is; otherwise computed from the size. */
function bySize(
  node: GraphNode,
  other: GraphNode,
  [first, second]: readonly [number, number],
  batch: string,
): GraphNode[] {
  const [a, b] = [valueOf(node), valueOf(other)];
  if (Buffer.compare(a.bytes, b.bytes) === 0 && a.shape.join() === b.shape.join()) return [node];
  const sizes = [first, second] as const;
  if (a.shape.join() !== b.shape.join()) return filled(node, a, b, sizes, batch);
  if (a.dtype !== int32) {
    throw new CannotTrace(`the constant ${node.name} depends on the batch size`);
  }
  return linear(node.name, numbers(a), numbers(b), a.shape, sizes, batch);
}

/** A constant of one number throughout, in a shape that depends on the batch size. */
function filled(
  { name }: GraphNode,
  a: ConstantValue,
  b: ConstantValue,
  sizes: readonly [number, number],
  batch: string,
): GraphNode[] {
  const [all, other] = [numbers(a), numbers(b)];
  const same = (value: number): boolean => value === all[0];
  if (a.shape.length !== b.shape.length || !all.every(same) || !other.every(same)) {
    throw new CannotTrace(`the constant ${name} depends on the batch size`);
  }
  const [x, y] = [Int32Array.from(a.shape), Int32Array.from(b.shape)];
  const bytes = new Uint8Array(Int32Array.of(all[0]!).buffer);
  return [
    ...linear(`${name}/shape`, x, y, [x.length], sizes, batch),
    constant(`${name}/value`, { dtype: a.dtype, shape: [], bytes }),
    {
      name,
      op: "Fill",
      inputs: [`${name}/shape:0`, `${name}/value:0`],
      attributes: { T: type(a.dtype), index_type: type(int32) },
    },
  ];
}

/** slope · batch + offset, int32, through what the numbers are at two sizes. */
function linear(
  name: string,
  x: Int32Array,
  y: Int32Array,
  dims: readonly number[],
  [first, second]: readonly [number, number],
  batch: string,
): GraphNode[] {
  const rise = x.map((value, i) => y[i]! - value);
  if (rise.some((value) => value % (second - first) !== 0)) {
    throw new CannotTrace(`the constant ${name} is not linear in the batch size`);
  }
  const slope = rise.map((value) => value / (second - first));
  const part = (suffix: string, values: Int32Array): GraphNode =>
    constant(`${name}/${suffix}`, {
      dtype: int32,
      shape: dims,
      bytes: new Uint8Array(values.buffer),
    });
  const binary = (node: string, op: string, inputs: string[]): GraphNode => ({
    name: node,
    op,
    inputs,
    attributes: { T: type(int32) },
  });
  return [
    part("slope", slope),
    part(
      "offset",
      x.map((value, i) => value - slope[i]! * first),
    ),
    binary(`${name}/scaled`, "Mul", [`${name}/slope:0`, `${batch}:0`]),
    binary(name, "AddV2", [`${name}/scaled:0`, `${name}/offset:0`]),
  ];
}

const valueOf = (node: GraphNode): ConstantValue =>
  node.attributes["value"]!.value as ConstantValue;

/** The bits of each number, as int32: what is equal stays equal. */
const numbers = ({ bytes }: ConstantValue): Int32Array => new Int32Array(bytes.slice().buffer);
