import { loadTensorFlow, type TensorFlow } from "../../../base/tensorflow.js";
import { nodeBackend } from "../graph/backend.js";

/** TensorFlow, loaded when the first module of the toolkit is: nothing that plans imports it. */
export const tf = loadTensorFlow();

export type Tensor = TensorFlow.Tensor;

/** What the toolkit uses of tfjs-node's backend: TensorFlow operations by name. */
interface NativeBackend {
  readonly binding: { readonly [constant: string]: number };
  executeSingleOutput(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
  ): Tensor;
}

/** Whether operations run on a GPU. */
export const onCard = (): boolean => nodeBackend(tf).isUsingGpuDevice;

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean;
}

type AttributeValue = "float32" | "int32" | boolean | { readonly float: number };

/**
 * Runs one TensorFlow operation that tfjs has no function for. Every attribute is spelled out, so
 * that a recorded call is a complete node of a graph. No gradient: wrap it in `differentiable`.
 */
export function execute(
  name: string,
  attributes: { readonly [name: string]: AttributeValue },
  inputs: readonly Tensor[],
): Tensor {
  const backend = tf.backend() as unknown as NativeBackend;
  return backend.executeSingleOutput(
    name,
    Object.entries(attributes).map(([key, value]) => attribute(backend.binding, key, value)),
    inputs,
  );
}

function attribute(
  binding: NativeBackend["binding"],
  name: string,
  value: AttributeValue,
): Attribute {
  if (typeof value === "boolean") return { name, type: binding["TF_ATTR_BOOL"]!, value };
  if (typeof value === "object")
    return { name, type: binding["TF_ATTR_FLOAT"]!, value: value.float };
  const type = value === "float32" ? binding["TF_FLOAT"]! : binding["TF_INT32"]!;
  return { name, type: binding["TF_ATTR_TYPE"]!, value: type };
}

/**
 * A function of tensors with a gradient written by hand. `forward` hands whatever `backward` needs
 * to `save`; tensors made elsewhere are gone by the time that `backward` runs.
 */
export function differentiable(
  inputs: readonly Tensor[],
  forward: (save: (tensors: Tensor[]) => void) => Tensor,
  backward: (gradient: Tensor, saved: readonly Tensor[]) => Tensor[],
): Tensor {
  const run = tf.customGrad((...given: unknown[]) => {
    const save = given.at(-1) as (tensors: Tensor[]) => void;
    return { value: forward(save), gradFunc: backward as never };
  });
  return run(...inputs);
}
