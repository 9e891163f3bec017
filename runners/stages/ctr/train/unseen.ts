import { tf, type Variable } from "../tensorflow.js";
import type { Session, FunctionSpec } from "../graph/session.js";
import type { Model } from "../model.js";

/**
 * Gives users without training samples the mean of the others, in every table of users' own vectors.
 * Their rows have no gradient, so nothing that training does depends on when they are set.
 */
export class UnseenUsers {
  readonly functions: { readonly fill_unseen: FunctionSpec };

  private constructor(
    model: Model,
    private readonly share: Variable,
    private readonly unseen: Variable,
  ) {
    const tables = model.parameters.filter(({ ofUsers }) => ofUsers);
    this.functions = {
      fill_unseen: {
        inputs: [],
        // It runs once in each epoch, so compiling would not save time.
        compile: false,
        run: () => {
          for (const { variable } of tables) {
            const mean = tf.sum(tf.mul(variable, share), 1, true);
            variable.assign(tf.where(tf.greater(unseen, 0.5), mean, variable) as never);
          }
          return [];
        },
      },
    };
  }

  /** Null if the model has no such table. Throws if no user has training samples. */
  static of(model: Model, seen: readonly boolean[]): UnseenUsers | null {
    if (!model.parameters.some(({ ofUsers }) => ofUsers)) return null;
    const count = seen.filter(Boolean).length;
    if (count === 0) throw new RangeError("no user has training samples");
    const column = (of: (seen: boolean) => number): Variable =>
      tf.tidy(() => tf.variable(tf.tensor(seen.map(of), [1, seen.length, 1], "float32"), false));
    return new UnseenUsers(
      model,
      column((seen) => (seen ? 1 / count : 0)),
      column((seen) => (seen ? 0 : 1)),
    );
  }

  /** Sets the rows, of all replicas. */
  fill(session: Session): void {
    session.run("fill_unseen", []);
  }

  dispose(): void {
    this.share.dispose();
    this.unseen.dispose();
  }
}
