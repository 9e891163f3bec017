import type { Variable } from "../tensorflow.js";
import type { Session, Numbers } from "../graph/session.js";

/** A variable of R replicas, float32 [R, ...shape], under its name in a checkpoint. */
export interface Part {
  readonly name: string;
  readonly variable: Variable;
}

/** Float32 numbers of one replica with their shape, the replica axis gone. */
export interface StateTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * The complete training state of one replica. It can continue from this state alone or in any
 * group.
 */
export class ReplicaState {
  constructor(readonly tensors: ReadonlyMap<string, StateTensor>) {}

  /** The parts whose name begins with `prefix`, which is taken off. */
  under(prefix: string): Map<string, StateTensor> {
    return new Map(
      [...this.tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  }

  /** Overwrites what the states hold; a replica whose state is null keeps all it has. */
  static write(
    session: Session,
    parts: readonly Part[],
    states: readonly (ReplicaState | null)[],
  ): void {
    const changed = parts.filter(({ name }) => states.some((state) => state?.tensors.has(name)));
    const values = session.read(changed.map(({ variable }) => variable));
    changed.forEach(({ name, variable }, i) => {
      const size = variable.size / states.length;
      states.forEach((state, replica) => {
        const tensor = state?.tensors.get(name);
        if (tensor === undefined) return;
        if (tensor.data.length !== size) {
          throw new RangeError(`${name} has ${tensor.data.length} numbers where ${size} belong`);
        }
        (values[i] as Numbers).set(tensor.data, replica * size);
      });
    });
    session.write(
      changed.map(({ variable }) => variable),
      values,
    );
  }
}
