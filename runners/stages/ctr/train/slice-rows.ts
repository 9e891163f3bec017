import { nodeBackend, tf, type Tensor, type Variable } from "../tensorflow.js";

/** order[:, start : start + size], int32 [R, size]; `begin` is a tensor [0, start]. */
export function sliceRows(order: Variable, begin: Tensor, size: readonly [number, number]): Tensor {
  // tf.slice takes its start as numbers, which would become constants of the graph.
  const backend = nodeBackend();
  const type = backend.binding["TF_ATTR_TYPE"]!;
  const int32 = backend.binding["TF_INT32"]!;
  const values = order.dtype === "int32" ? int32 : backend.binding["TF_FLOAT"]!;
  const attributes = [
    { name: "T", type, value: values },
    { name: "Index", type, value: int32 },
  ];
  const inputs = [order, begin, tf.tensor1d([...size], "int32")];
  return backend.executeSingleOutput("Slice", attributes, inputs as never[]);
}
