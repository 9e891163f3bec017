import type { Variable } from "../tensorflow.js";
import { constant, DataType, dataTypeOf, shape, type, type GraphNode } from "./node.js";
import { holdsZeros } from "./zeros.js";

/** A fetchable node that only waits for others. */
export function doneNodes(name: string, control: readonly string[]): GraphNode[] {
  const bytes = new Uint8Array(4);
  return [
    constant(`${name}/constant`, { dtype: DataType.int32, shape: [], bytes }),
    {
      name,
      op: "Identity",
      inputs: [`${name}/constant:0`, ...control],
      attributes: { T: type(DataType.int32) },
    },
  ];
}

/** A variable's handle, its reading and its setting from outside. */
export function variableNodes(name: string, variable: Variable): GraphNode[] {
  const dtype = type(dataTypeOf(variable.dtype));
  return [
    {
      name,
      op: "VarHandleOp",
      inputs: [],
      attributes: {
        dtype,
        shape: shape(variable.shape),
        shared_name: { kind: "string", value: name },
      },
    },
    { name: `${name}/read`, op: "ReadVariableOp", inputs: [`${name}:0`], attributes: { dtype } },
    {
      name: `${name}/value`,
      op: "Placeholder",
      inputs: [],
      attributes: { dtype, shape: shape(variable.shape) },
    },
    {
      name: `${name}/assign`,
      op: "AssignVariableOp",
      inputs: [`${name}:0`, `${name}/value:0`],
      attributes: { dtype },
    },
    ...doneNodes(`${name}/assigned`, [`^${name}/assign`]),
    ...(holdsZeros(variable) ? emptyNodes(name, variable) : []),
  ];
}

/** The setting of a variable to zeros, which are made in the graph. */
function emptyNodes(name: string, variable: Variable): GraphNode[] {
  const number = dataTypeOf(variable.dtype);
  const dtype = type(number);
  const { shape: sizes } = variable;
  const bytes = new Uint8Array(Int32Array.from(sizes).buffer);
  const zero = new Uint8Array(4);
  return [
    constant(`${name}/sizes`, { dtype: DataType.int32, shape: [sizes.length], bytes }),
    constant(`${name}/zero`, { dtype: number, shape: [], bytes: zero }),
    {
      name: `${name}/zeros`,
      op: "Fill",
      inputs: [`${name}/sizes:0`, `${name}/zero:0`],
      attributes: { T: dtype, index_type: type(DataType.int32) },
    },
    {
      name: `${name}/empty`,
      op: "AssignVariableOp",
      inputs: [`${name}:0`, `${name}/zeros:0`],
      attributes: { dtype },
    },
    ...doneNodes(`${name}/emptied`, [`^${name}/empty`]),
  ];
}
