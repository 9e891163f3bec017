import { tf, type Tensor, type Tensor1D, type Variable } from "../tensorflow.js";
import type { Session, FunctionSpec } from "../graph/session.js";
import { ReplicaState, type Part, type StateTensor } from "./state.js";

/** Which copy of the replicas' state: that of the last epoch, or that of the best epoch so far. */
export type Copy = "kept" | "best";

/**
 * Copies of what training changes that stay where it is: all of it as it was at the end of an epoch,
 * and what scoring needs as it was at each replica's best. So an epoch's outcome can be weighed
 * while the next one trains, and states come to the host for checkpoints and results alone.
 */
export class Snapshots {
  readonly functions: { readonly [name: string]: FunctionSpec };
  readonly #live: readonly Part[];
  readonly #copies: { readonly [copy in Copy]: readonly Part[] };
  readonly #replicas: number;

  /** `live`: every variable that training changes, float32 [R, ...]. */
  constructor(live: readonly Part[], replicas: number) {
    const copyOf = (parts: readonly Part[]): Part[] =>
      parts.map(({ name, variable }) => ({
        name,
        variable: tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
      }));
    const scored = live.filter(({ name }) => /^(parameter|state)\//.test(name));
    const [kept, best] = [copyOf(live), copyOf(scored)];
    this.#live = live;
    this.#copies = { kept, best };
    this.#replicas = replicas;
    const keptOf = new Map(kept.map(({ name, variable }) => [name, variable]));
    // Copying is not compiled: it would gain nothing.
    const plain = { compile: false };
    const masked = (from: (i: number) => Variable, to: (i: number) => Variable) => ({
      ...plain,
      inputs: [{ shape: [replicas], dtype: "float32" as const }],
      run: ([mask]: readonly Tensor[]) => {
        const chosen = tf.greater(mask!, 0.5);
        best.forEach((_, i) => {
          const target = to(i);
          const each = tf.reshape(chosen, [replicas, ...Array<number>(target.rank - 1).fill(1)]);
          // A selection, not a product: a NaN of one replica must not reach the others.
          target.assign(tf.where(each, from(i), target) as never);
        });
        return [];
      },
    });
    const one = (parts: readonly Part[]): FunctionSpec => ({
      ...plain,
      inputs: [{ shape: [1], dtype: "int32" }],
      run: ([replica]) => parts.map(({ variable }) => tf.gather(variable, replica as Tensor1D)),
    });
    this.functions = {
      keep: {
        ...plain,
        inputs: [],
        run: () => {
          live.forEach(({ variable }, i) => kept[i]!.variable.assign(variable as never));
          return [];
        },
      },
      mark_best: masked(
        (i) => keptOf.get(scored[i]!.name)!,
        (i) => best[i]!.variable,
      ),
      recall_best: masked(
        (i) => best[i]!.variable,
        (i) => scored[i]!.variable,
      ),
      one_kept: one(kept),
      one_best: one(best),
    };
  }

  /** All that training changes gets these values, or 0 where there are none; nothing is kept any more. */
  begin(session: Session, starting: ReadonlyMap<Variable, Float32Array>): void {
    const { kept, best } = this.#copies;
    const variables = [...this.#live, ...kept, ...best].map(({ variable }) => variable);
    session.write(
      variables,
      variables.map((variable) => starting.get(variable) ?? new Float32Array(variable.size)),
    );
  }

  /** Keeps the current state of all replicas. */
  keep(session: Session): void {
    session.run("keep", []);
  }

  /** What is kept becomes the best of the replicas given. */
  markBest(session: Session, replicas: readonly number[]): void {
    session.run("mark_best", [this.#mask(replicas)]);
  }

  /** Gives these replicas their best weights back, to score with them. Their training is over. */
  recallBest(session: Session, replicas: readonly number[]): void {
    session.run("recall_best", [this.#mask(replicas)]);
  }

  /** One replica's copy. */
  read(session: Session, copy: Copy, replica: number): ReplicaState {
    const values = session.run(`one_${copy}`, [Int32Array.of(replica)]);
    const tensors = this.#copies[copy].map(({ name, variable }, i): [string, StateTensor] => [
      name,
      { data: values[i] as Float32Array, shape: variable.shape.slice(1) },
    ]);
    return new ReplicaState(new Map(tensors));
  }

  /** Puts states and best weights back, one of each a replica, and keeps them. */
  restore(
    session: Session,
    states: readonly (ReplicaState | null)[],
    best: readonly (ReplicaState | null)[],
  ): void {
    ReplicaState.write(session, this.#live, states);
    ReplicaState.write(session, this.#copies.best, best);
    this.keep(session);
  }

  #mask(replicas: readonly number[]): Float32Array {
    const mask = new Float32Array(this.#replicas);
    for (const replica of replicas) mask[replica] = 1;
    return mask;
  }

  dispose(): void {
    for (const parts of Object.values(this.#copies)) {
      for (const { variable } of parts) variable.dispose();
    }
  }
}
