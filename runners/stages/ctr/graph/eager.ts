import type { TensorFlow as tf } from "../../../base/tensorflow.js";
import { turns, type Executor, type FunctionSpec, type Numbers } from "./executor.js";

/** Runs functions operation by operation: slow, and right for every tfjs model. */
export class EagerExecutor implements Executor {
  readonly kind = "eager";
  readonly #tf: typeof tf;
  readonly #functions: { readonly [name: string]: FunctionSpec };

  constructor(tensorflow: typeof tf, functions: { readonly [name: string]: FunctionSpec }) {
    this.#tf = tensorflow;
    this.#functions = functions;
  }

  run(name: string, inputs: readonly Numbers[]): Numbers[] {
    const spec = this.#functions[name];
    if (spec === undefined) throw new Error(`no function ${name}`);
    let values: Numbers[] = [];
    for (const turn of turns(spec, inputs)) values = this.#once(spec, turn);
    return values;
  }

  #once(spec: FunctionSpec, inputs: readonly Numbers[]): Numbers[] {
    const outputs = this.#tf.tidy(() => {
      const tensors = spec.inputs.map(({ shape, dtype }, i) =>
        this.#tf.tensor(inputs[i]!, [...shape], dtype),
      );
      return [...spec.run(tensors)];
    });
    return outputs.map((output) => {
      const values = output.dataSync() as Numbers;
      output.dispose();
      return values;
    });
  }

  read(variables: readonly tf.Variable[]): Numbers[] {
    return variables.map((variable) => variable.dataSync().slice() as Numbers);
  }

  write(variables: readonly tf.Variable[], values: readonly Numbers[]): void {
    this.#tf.tidy(() => {
      variables.forEach((variable, i) => {
        variable.assign(this.#tf.tensor(values[i]!.slice(), variable.shape, variable.dtype));
      });
    });
  }

  dispose(): void {}
}
