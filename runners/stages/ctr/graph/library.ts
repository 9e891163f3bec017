import type { Loop } from "./session.js";
import { CannotTrace } from "./cannot-trace.js";
import type { Recording } from "./record.js";
import { constant, DataType, type, type Attribute, type GraphNode } from "./node.js";
import { operations } from "./operations.js";

const { int32 } = DataType;

/** A function of a graph's library: nodes name each other's outputs by the operation's own words. */
export interface LibraryFunction {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: number }[];
  readonly outputs: readonly { readonly name: string; readonly dtype: number }[];
  readonly nodes: readonly GraphNode[];
  /** What each output is: an input's name, or `node:word:index`. */
  readonly returns: { readonly [output: string]: string };
  /**
   * True where TensorFlow's graph optimizer is to leave the function alone. It takes a second for a large one, and
   * XLA optimizes what it compiles itself. What keeps it off is a parameter: it skips functions that have some.
   */
  readonly whole?: boolean;
}

/** A function to be compiled whole, and the node that calls it. */
export interface CompiledFunction {
  readonly library: readonly LibraryFunction[];
  readonly call: GraphNode;
}

/**
 * A recorded function as a function of the graph's library that XLA compiles as one program
 * (`_XlaMustCompile`, as tf.function's jit_compile does), instead of in whatever clusters
 * TensorFlow finds. With a loop, the program holds it: the count is a constant, so the host does
 * not wait for each turn.
 *
 * @param handles nodes that give the handles of the variables it uses
 */
export function compiledFunction(
  name: string,
  recording: Recording,
  inputTypes: readonly number[],
  handles: readonly string[],
  loop: Loop | null,
): CompiledFunction {
  const arguments_ = [
    ...recording.placeholders.map((node, i) => ({ node, name: `in_${i}`, dtype: inputTypes[i]! })),
    ...handles.map((node, i) => ({ node, name: `variable_${i}`, dtype: DataType.resource })),
  ];
  const body = bodyOf(name, recording, arguments_);
  const library = loop === null ? [body] : loopOf(name, body, loop);
  const entry = library.at(-1)!;
  return {
    library,
    call: callOf(
      `${name}/call`,
      entry,
      arguments_.map(({ node }) => `${node}:0`),
      { _XlaMustCompile: { kind: "bool", value: true } },
    ),
  };
}

const types = (tensors: readonly { readonly dtype: number }[]): Attribute => ({
  kind: "types",
  value: tensors.map(({ dtype }) => dtype),
});

interface Argument {
  /** Node of the graph around that stands for it while recording. */
  readonly node: string;
  readonly name: string;
  readonly dtype: number;
}

/** The recorded nodes themselves; an output waits for every effect, so that none is dropped. */
function bodyOf(
  name: string,
  recording: Recording,
  arguments_: readonly Argument[],
): LibraryFunction {
  const argumentOf = new Map(arguments_.map((each) => [each.node, each.name]));
  const operations = new Map(recording.nodes.map((node) => [node.name, node.op]));
  const inner = (input: string): string => {
    if (input.startsWith("^")) return input;
    const [node, index] = input.split(":") as [string, string];
    const argument = argumentOf.get(node);
    return argument ?? `${node}:${outputWord(operations.get(node)!)}:${index}`;
  };
  const nodes: GraphNode[] = recording.nodes
    .filter((node) => !argumentOf.has(node.name))
    .map((node) => ({ ...node, inputs: node.inputs.map(inner) }));
  const control = recording.effects.map((effect) => `^${effect}`);
  const outputs = recording.outputs.map(({ name: output, dtype }, i) => ({
    name: `out_${i}`,
    dtype,
    node: identity(`${name}/output_${i}`, inner(output), dtype, control),
  }));
  if (outputs.length === 0) {
    const zero = scalar(`${name}/nothing`, 0);
    nodes.push(zero);
    const value = `${zero.name}:output:0`;
    const node = identity(`${name}/output_0`, value, int32, control);
    outputs.push({ name: "out_0", dtype: int32, node });
  }
  return {
    name: identifier(`${name}_body`),
    inputs: arguments_.map((each) => ({ name: each.name, dtype: each.dtype })),
    outputs: outputs.map((each) => ({ name: each.name, dtype: each.dtype })),
    nodes: [...nodes, ...outputs.map(({ node }) => node)],
    returns: Object.fromEntries(
      outputs.map((each) => [each.name, `${each.node.name}:output:0`] as const),
    ),
    whole: true,
  };
}

/**
 * The body in a While of constant count: condition, turn, and the function around them, last.
 *
 * A turn calls the body once. Two calls in one turn would need more than a control edge between them:
 * XLA compiles both from the variables as they were before the turn, so the first one's updates are
 * lost.
 */
function loopOf(name: string, body: LibraryFunction, loop: Loop): LibraryFunction[] {
  const [first, ...rest] = body.inputs;
  if (first === undefined || first.dtype !== int32) {
    throw new CannotTrace(`${name} loops, but its first input is no int32`);
  }
  const state = [{ name: "turn", dtype: int32 }, ...body.inputs];
  const condition: LibraryFunction = {
    name: identifier(`${name}_condition`),
    inputs: state,
    outputs: [{ name: "more", dtype: DataType.bool }],
    nodes: [
      scalar("limit", loop.times),
      {
        name: "less",
        op: "Less",
        inputs: ["turn", "limit:output:0"],
        attributes: { T: type(int32) },
      },
    ],
    returns: { more: "less:z:0" },
  };
  const add = (node: string, a: string, b: string, after: readonly string[] = []): GraphNode => ({
    name: node,
    op: "AddV2",
    inputs: [a, b, ...after],
    attributes: { T: type(int32) },
  });
  const nodes: GraphNode[] = [
    scalar("one", 1),
    constant("stride", {
      dtype: int32,
      shape: [loop.stride.length],
      bytes: new Uint8Array(Int32Array.from(loop.stride).buffer),
    }),
    callOf(
      "body",
      body,
      body.inputs.map(({ name: input }) => input),
    ),
    add("next", "turn", "one:output:0", ["^body"]),
    add("further", first.name, "stride:output:0"),
  ];
  const turn: LibraryFunction = {
    name: identifier(`${name}_turn`),
    inputs: state,
    outputs: state.map((each) => ({ name: `next_${each.name}`, dtype: each.dtype })),
    nodes,
    returns: {
      next_turn: "next:z:0",
      [`next_${first.name}`]: "further:z:0",
      ...Object.fromEntries(rest.map((each) => [`next_${each.name}`, each.name])),
    },
  };
  const zero = scalar("zero", 0);
  const loopNode: GraphNode = {
    name: "loop",
    op: "While",
    inputs: ["zero:output:0", ...body.inputs.map((input) => input.name)],
    attributes: {
      T: types(state),
      cond: { kind: "function", value: condition.name },
      body: { kind: "function", value: turn.name },
      parallel_iterations: { kind: "int", value: 10 },
    },
  };
  const around: LibraryFunction = {
    name: identifier(`${name}_loop`),
    inputs: body.inputs,
    outputs: [{ name: "turns", dtype: int32 }],
    nodes: [zero, loopNode, identity("turns", "loop:output:0", int32, [])],
    returns: { turns: "turns:output:0" },
  };
  return [body, condition, turn, around];
}

/** A call of a library's function. */
const callOf = (
  name: string,
  called: LibraryFunction,
  inputs: readonly string[],
  more: { readonly [attribute: string]: Attribute } = {},
): GraphNode => ({
  name,
  op: "StatefulPartitionedCall",
  inputs,
  attributes: {
    Tin: types(called.inputs),
    Tout: types(called.outputs),
    f: { kind: "function", value: called.name, whole: called.whole === true },
    config: { kind: "string", value: "" },
    config_proto: { kind: "string", value: "" },
    executor_type: { kind: "string", value: "" },
    ...more,
  },
});

const identifier = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "_");

const identity = (
  name: string,
  input: string,
  dtype: number,
  control: readonly string[],
): GraphNode => ({
  name,
  op: "Identity",
  inputs: [input, ...control],
  attributes: { T: type(dtype) },
});

const scalar = (name: string, value: number): GraphNode =>
  constant(name, {
    dtype: int32,
    shape: [],
    bytes: new Uint8Array(Int32Array.of(value).buffer),
  });

/** What an operation calls its output; `output` is the word of those that only a graph has. */
function outputWord(op: string): string {
  if (op === "ReadVariableOp") return "value";
  const known = operations.get(op);
  if (known?.output === null) throw new CannotTrace(`no compiled form of the operation ${op}`);
  return known?.output ?? "output";
}
