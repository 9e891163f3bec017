import { loadTensorFlow, type TensorFlow } from "../../base/tensorflow.js";
import { cpu, gpu, type Device } from "./device.js";

/**
 * TensorFlow, the one way to reach it in this stage. It is loaded with the first module that imports
 * this file: nothing that a plan reads may do so, and a worker calls `prepareProcess` before.
 */
export const tf = loadTensorFlow();

export type Tensor = TensorFlow.Tensor;
export type Variable = TensorFlow.Variable;
export type Tensor1D = TensorFlow.Tensor1D;
export type Scalar = TensorFlow.Scalar;

/** An attribute of an operation, as tfjs-node hands it to its binding. */
export interface EagerAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor as tfjs-node's backend is given it. */
export interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
}

/** The parts of tfjs-node's backend that are used here: operations by name, and sessions. */
export interface NodeBackend {
  executeSingleOutput(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
    count: number,
  ): Tensor[];
  /** A tensor of what the binding knows by `id`; -1: of nothing yet. `dtype`: a number of DataType. */
  createOutputTensor(of: {
    readonly id: number;
    readonly shape: readonly number[];
    readonly dtype: number;
  }): Tensor;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>;
  /**
   * Shape, and type as a number of TensorFlow's DataType, of a tensor's values; the binding's id of it, and
   * values that it was not given yet.
   */
  readonly tensorMap: {
    get(dataId: object): { shape: number[]; dtype: number; id: number; values: unknown };
  };
  loadSavedModelMetaGraph(path: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: Tensor[],
    inputInfos: { name: string }[],
    outputNames: string[],
  ): Tensor[];
  readonly isUsingGpuDevice: boolean;
  /** Tensors that the binding holds. */
  getNumOfTFTensors(): number;
  readonly binding: { readonly [constant: string]: number };
}

/** tfjs-node's backend, made the current one. Throws if this TensorFlow has another one. */
export function nodeBackend(): NodeBackend {
  if (tf.getBackend() !== "tensorflow") void tf.setBackend("tensorflow");
  const backend: object = tf.backend();
  if (!isNodeBackend(backend)) throw new Error("TensorFlow's backend is not that of tfjs-node");
  return backend;
}

const isNodeBackend = (backend: object): backend is NodeBackend =>
  "executeSingleOutput" in backend && "runSavedModel" in backend;

/** What TensorFlow computes on in this process. */
export const deviceOfProcess = (): Device => (nodeBackend().isUsingGpuDevice ? gpu : cpu);

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
  const backend = nodeBackend();
  return backend.executeSingleOutput(
    name,
    Object.entries(attributes).map(([key, value]) => attribute(backend.binding, key, value)),
    inputs,
  );
}

function attribute(
  binding: NodeBackend["binding"],
  name: string,
  value: AttributeValue,
): EagerAttribute {
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
