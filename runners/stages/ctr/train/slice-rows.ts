import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import { nodeBackend } from "../graph/backend.js";

/** order[:, start : start + size], int32 [R, size]; `begin` is a tensor [0, start]. */
export function sliceRows(
  t: typeof tf,
  order: tf.Variable,
  begin: tf.Tensor,
  size: readonly [number, number],
): tf.Tensor {
  // tf.slice takes its start as numbers, which a graph would keep for ever.
  const backend = nodeBackend(t);
  const type = backend.binding["TF_ATTR_TYPE"]!;
  const int32 = backend.binding["TF_INT32"]!;
  const values = order.dtype === "int32" ? int32 : backend.binding["TF_FLOAT"]!;
  const attributes = [
    { name: "T", type, value: values },
    { name: "Index", type, value: int32 },
  ];
  const inputs = [order, begin, t.tensor1d([...size], "int32")];
  return backend.executeSingleOutput("Slice", attributes, inputs as never[]);
}
