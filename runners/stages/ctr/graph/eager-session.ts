import { tf, type Variable } from "../tensorflow.js";
import { turns, type Session, type FunctionSpec, type Numbers } from "./session.js";

/** Runs functions one operation at a time: slow, but it works for every tfjs model. */
export class EagerSession implements Session {
  readonly kind = "eager";
  readonly #functions: { readonly [name: string]: FunctionSpec };

  constructor(functions: { readonly [name: string]: FunctionSpec }) {
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
    const outputs = tf.tidy(() => {
      const tensors = spec.inputs.map(({ shape, dtype }, i) =>
        tf.tensor(inputs[i]!, [...shape], dtype),
      );
      return [...spec.run(tensors, { adam: null })];
    });
    return outputs.map((output) => {
      const values = output.dataSync() as Numbers;
      output.dispose();
      return values;
    });
  }

  read(variables: readonly Variable[]): Numbers[] {
    return variables.map((variable) => variable.dataSync().slice() as Numbers);
  }

  write(variables: readonly Variable[], values: readonly Numbers[]): void {
    tf.tidy(() => {
      variables.forEach((variable, i) => {
        variable.assign(tf.tensor(values[i]!.slice(), variable.shape, variable.dtype));
      });
    });
  }

  dispose(): void {}
}
