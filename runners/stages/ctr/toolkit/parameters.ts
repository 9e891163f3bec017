import type { Parameter, StateVariable } from "../model.js";
import type { Initial } from "./initial.js";
import { random } from "./random.js";
import { tf, type Tensor, type Variable } from "../tensorflow.js";

/** The parameters and state variables of a model of R replicas, in the order of their making. */
export class Parameters {
  readonly list: Parameter[] = [];
  readonly state: StateVariable[] = [];
  private readonly names = new Set<string>();
  /** How each variable's first values are drawn, from a seed a replica. */
  private readonly drawn: {
    readonly variable: Variable;
    readonly draw: (seeds: readonly number[]) => Float32Array;
  }[] = [];

  constructor(readonly seeds: readonly number[]) {}

  /** A parameter of each replica's own, float32 [R, ...shape], drawn by that replica's seed. */
  add(
    name: string,
    shape: readonly number[],
    initial: Initial,
    decays: boolean,
    ofUsers = false,
  ): Tensor {
    const variable = this.variable(name, shape, initial, true);
    this.list.push({ name, variable, decays, ofUsers });
    return variable;
  }

  /** A value that training updates without a gradient; returns its place in `state`. */
  addState(name: string, shape: readonly number[], value: number): number {
    const fill: Initial = (values) => void values.fill(value);
    this.state.push({ name, variable: this.variable(name, shape, fill, false) });
    return this.state.length - 1;
  }

  /** The values that a new model of these seeds has, by variable; as many seeds as there are replicas. */
  starting(seeds: readonly number[]): ReadonlyMap<Variable, Float32Array> {
    return new Map(this.drawn.map(({ variable, draw }) => [variable, draw(seeds)]));
  }

  dispose(): void {
    for (const { variable } of [...this.list, ...this.state]) variable.dispose();
  }

  private variable(name: string, shape: readonly number[], initial: Initial, trainable: boolean) {
    if (this.names.has(name)) throw new Error(`two parameters are named ${name}`);
    this.names.add(name);
    const size = shape.reduce((product, n) => product * n, 1);
    const draw = (seeds: readonly number[]): Float32Array => {
      const values = new Float32Array(seeds.length * size);
      seeds.forEach((seed, replica) => {
        const first = seeds.indexOf(seed);
        // Drawing takes longer than copying, and replicas of a sweep often have one seed.
        if (first < replica) values.copyWithin(replica * size, first * size, (first + 1) * size);
        else initial(values.subarray(replica * size, (replica + 1) * size), random(seed, name));
      });
      return values;
    };
    const variable = tf.tidy(() =>
      tf.variable(tf.tensor(draw(this.seeds), [this.seeds.length, ...shape], "float32"), trainable),
    );
    this.drawn.push({ variable, draw });
    return variable;
  }
}
