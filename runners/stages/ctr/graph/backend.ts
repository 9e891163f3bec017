import type { TensorFlow as tf } from "../../../base/tensorflow.js";

/** An attribute as tfjs-node hands it to its binding. */
export interface EagerAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
}

/** The parts of tfjs-node's backend that tracing and sessions use. */
export interface NodeBackend {
  executeSingleOutput(op: string, attributes: EagerAttribute[], inputs: TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: EagerAttribute[],
    inputs: TensorInfo[],
    count: number,
  ): tf.Tensor[];
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>;
  loadSavedModelMetaGraph(path: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: tf.Tensor[],
    inputInfos: { name: string }[],
    outputNames: string[],
  ): tf.Tensor[];
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly [constant: string]: number };
}

/** tfjs-node's backend, made the current one. */
export function nodeBackend(tensorflow: typeof tf): NodeBackend {
  if (tensorflow.getBackend() !== "tensorflow") void tensorflow.setBackend("tensorflow");
  return tensorflow.backend() as unknown as NodeBackend;
}
