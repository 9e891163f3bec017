import type { TensorFlow as tf } from "../../tensorflow.js";
import type { FunctionSpec } from "./executor.js";
import { constant, shape, type, type ConstantValue, type GraphNode } from "./node.js";
import { CannotTrace, Recorder } from "./record.js";

/** A traced function without variables whose first axis of inputs and outputs may have any size. */
export interface FrozenFunction {
  readonly nodes: readonly GraphNode[];
  /** Placeholders, in the order of the function's inputs. */
  readonly placeholders: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly dtype: number }[];
}

const int32 = 3;

/**
 * Traces a function with its variables' present values as constants, and for any batch size: it is
 * traced at two sizes, and the numbers in which the two graphs differ (sizes in reshapes, tiles and
 * slices) become a · batch + b, computed from the size of the first input.
 *
 * Throws {@link CannotTrace} where the graphs differ in anything else.
 */
export function freeze(
  tensorflow: typeof tf,
  name: string,
  specOf: (batch: number) => FunctionSpec,
): FrozenFunction {
  // Primes that no layer is likely to have as a width, so that no two sizes are mistaken.
  const sizes = [1009, 1013] as const;
  const [one, two] = sizes.map((size) => record(tensorflow, name, specOf(size)));
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
function record(tensorflow: typeof tf, name: string, spec: FunctionSpec): FrozenFunction {
  const variables = new Map<string, tf.Variable>();
  const handleOf = (variable: tf.Variable): string => {
    const handle = `variable ${variable.id}`;
    variables.set(handle, variable);
    return handle;
  };
  const examples = spec.inputs.map(({ shape, dtype, example = 0 }) =>
    tensorflow.fill([...shape], example, dtype),
  );
  try {
    const { nodes, placeholders, outputs } = new Recorder(tensorflow, name, { handleOf }).record(
      spec,
      examples,
    );
    const frozen = nodes.map((node) => {
      if (node.op !== "ReadVariableOp") return node;
      const variable = variables.get(node.inputs[0]!.replace(/:0$/, ""))!;
      const values = variable.dataSync();
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      const dtype = variable.dtype === "int32" ? int32 : 1;
      return constant(node.name, { dtype, shape: variable.shape, bytes });
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

/** A constant that is the same at both sizes as it is; otherwise slope · batch + offset. */
function bySize(
  node: GraphNode,
  other: GraphNode,
  [first, second]: readonly [number, number],
  batch: string,
): GraphNode[] {
  const [a, b] = [valueOf(node), valueOf(other)];
  if (Buffer.compare(a.bytes, b.bytes) === 0 && a.shape.join() === b.shape.join()) return [node];
  if (a.dtype !== int32 || a.shape.join() !== b.shape.join()) {
    throw new CannotTrace(`the constant ${node.name} depends on the batch size`);
  }
  const [x, y] = [numbers(a), numbers(b)];
  const slope = x.map((value, i) => (y[i]! - value) / (second - first));
  if (slope.some((value) => !Number.isInteger(value))) {
    throw new CannotTrace(`the constant ${node.name} is not linear in the batch size`);
  }
  const part = (suffix: string, values: Int32Array): GraphNode =>
    constant(`${node.name}/${suffix}`, {
      dtype: int32,
      shape: a.shape,
      bytes: new Uint8Array(values.buffer),
    });
  const binary = (name: string, op: string, inputs: string[]): GraphNode => ({
    name,
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
    binary(`${node.name}/scaled`, "Mul", [`${node.name}/slope:0`, `${batch}:0`]),
    binary(node.name, "AddV2", [`${node.name}/scaled:0`, `${node.name}/offset:0`]),
  ];
}

const valueOf = (node: GraphNode): ConstantValue =>
  node.attributes["value"]!.value as ConstantValue;

const numbers = ({ bytes }: ConstantValue): Int32Array => new Int32Array(bytes.slice().buffer);
