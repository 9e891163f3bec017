/** Numbers of TensorFlow's DataType: what tfjs tensors have, and `resource`, a variable's handle. */
export const DataType = { float32: 1, int32: 3, string: 7, bool: 10, resource: 20 } as const;

/** Values of a Const node: `bytes` in C order, little-endian. */
export interface ConstantValue {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** An attribute of a node, tagged by which field of AttrValue it fills. */
export type Attribute =
  | { readonly kind: "type" | "int" | "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "shape" | "ints" | "floats" | "types"; readonly value: readonly number[] }
  /** A function of the graph's library, by name. */
  | { readonly kind: "function"; readonly value: string; readonly whole?: boolean }
  | { readonly kind: "tensor"; readonly value: ConstantValue };

/** A NodeDef: inputs are `name:output` for values and `^name` for control. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: { readonly [name: string]: Attribute };
}

export const type = (value: number): Attribute => ({ kind: "type", value });
export const shape = (value: readonly number[]): Attribute => ({ kind: "shape", value });

/** The DataType number of a tfjs dtype; throws for complex64, which no graph here holds. */
export function dataTypeOf(dtype: string): number {
  const found = DataType[dtype as keyof typeof DataType];
  if (found === undefined) throw new Error(`no graph holds tensors of type ${dtype}`);
  return found;
}

/** A Const node. */
export const constant = (name: string, value: ConstantValue): GraphNode => ({
  name,
  op: "Const",
  inputs: [],
  attributes: { dtype: type(value.dtype), value: { kind: "tensor", value } },
});
