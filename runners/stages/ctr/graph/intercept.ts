import {
  tf,
  type EagerAttribute,
  type NodeBackend,
  type Tensor,
  type TensorInfo,
} from "../tensorflow.js";
import { CannotTrace } from "./cannot-trace.js";
import { dataTypeOf } from "./node.js";
import type { Form } from "./outputs.js";

/** The binding's id of a tensor that it does not have. */
const NO_VALUES = -1;

/** Who is asked before an operation of tfjs-node's backend, and told of it after. */
export interface Interception {
  /** What the operation gives, without executing it; null: it is executed. */
  outputs(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor[] | null;
  done(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
    outputs: readonly Tensor[],
  ): void;
  /** Throws where the values of a tensor may not be read. */
  reading(dataId: object): void;
}

/** Puts somebody between tfjs and its backend; returns the way back. */
export function intercept(backend: NodeBackend, by: Interception): () => void {
  const { executeSingleOutput, executeMultipleOutputs, readSync, read } = backend;
  const restoreGather = replaceGather(backend);
  backend.executeSingleOutput = (op, attributes, inputs) => {
    const [output] = by.outputs(op, attributes, inputs) ?? [
      executeSingleOutput.call(backend, op, attributes, filled(backend, inputs)),
    ];
    by.done(op, attributes, inputs, [output!]);
    return output!;
  };
  backend.executeMultipleOutputs = (op, attributes, inputs, count) => {
    const outputs =
      by.outputs(op, attributes, inputs) ??
      executeMultipleOutputs.call(backend, op, attributes, filled(backend, inputs), count);
    by.done(op, attributes, inputs, outputs);
    return outputs;
  };
  backend.readSync = (dataId) => {
    by.reading(dataId);
    return readSync.call(backend, dataId);
  };
  backend.read = (dataId) => {
    by.reading(dataId);
    return read.call(backend, dataId);
  };
  return () => {
    // The backend's methods are on its prototype; only our own replacements are on the instance.
    const own = backend as Partial<NodeBackend>;
    delete own.executeSingleOutput;
    delete own.executeMultipleOutputs;
    delete own.readSync;
    delete own.read;
    restoreGather();
  };
}

/** A tensor that has a shape and no values. */
export function withoutValues(backend: NodeBackend, { shape, dtype }: Form): Tensor {
  return backend.createOutputTensor({
    id: NO_VALUES,
    shape: [...shape],
    dtype: dataTypeOf(dtype),
  });
}

/** Inputs to execute an operation on: zeros in place of tensors without values. */
function filled(backend: NodeBackend, inputs: readonly TensorInfo[]): TensorInfo[] {
  return inputs.map((input) => {
    const { id, values } = backend.tensorMap.get(input.dataId);
    return id === NO_VALUES && values === null
      ? tf.zeros([...input.shape], input.dtype as "float32")
      : input;
  });
}

/** tfjs-node's own GatherV2 reads the indices back to check them, which no graph can. */
function replaceGather(backend: NodeBackend): () => void {
  const original = tf.getKernel("GatherV2", "tensorflow");
  tf.unregisterKernel("GatherV2", "tensorflow");
  tf.registerKernel({
    kernelName: "GatherV2",
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) => {
      const number = (name: string): number => {
        const value = attrs?.[name];
        if (typeof value === "number") return value;
        throw new CannotTrace(`GatherV2 has no number as ${name}`);
      };
      const axis = tf.scalar(number("axis"), "int32");
      const attributes = [
        { name: "batch_dims", type: backend.binding["TF_ATTR_INT"]!, value: number("batchDims") },
      ];
      const output = backend.executeSingleOutput("GatherV2", attributes, [
        inputs["x"]!,
        inputs["indices"]!,
        axis,
      ]);
      axis.dispose();
      return output;
    },
  });
  return () => {
    tf.unregisterKernel("GatherV2", "tensorflow");
    tf.registerKernel(original);
  };
}
