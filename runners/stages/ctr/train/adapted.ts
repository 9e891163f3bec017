import { tf, type Tensor, type Variable } from "../tensorflow.js";
import type { Columns } from "../data/columns.js";
import type { FunctionSpec } from "../graph/session.js";
import { zerosVariable } from "../graph/zeros.js";
import type { Model, Subject } from "../model.js";

/** What the adaptor made of all users' and all items' vectors: float32 [R, U + 1, d], [R, I + 1, d]. */
export interface AdaptedTables {
  readonly users: Tensor;
  readonly items: Tensor;
}

/**
 * What the adaptor makes of every user's and every item's vector, made once an evaluation instead
 * of once a sample; the result is the same, because the adaptor keeps users and items apart.
 */
export class AdaptedKnowledge {
  private constructor(
    readonly tables: { readonly users: Variable; readonly items: Variable },
    /** The tables for the model's current weights. */
    readonly make: () => AdaptedTables,
    /** Fills the tables. */
    readonly spec: FunctionSpec,
  ) {}

  /** Null if the model has no adaptor, or if it adapts the vectors of every sample. */
  static of(model: Model, columns: Columns): AdaptedKnowledge | null {
    const { adapt, shape, replicas, device, rewrites } = model;
    const { userKnowledge, itemKnowledge } = columns;
    if (adapt === null || userKnowledge === null || itemKnowledge === null) return null;
    if (!rewrites.has("adapt-once")) return null;
    const whole = (subject: Subject, table: Variable): Tensor => {
      const [rows, dim] = table.shape as [number, number];
      const chunk = Math.max(1, Math.floor(device.adaptedRows / replicas));
      const parts: Tensor[] = [];
      for (let at = 0; at < rows; at += chunk) {
        const size = Math.min(chunk, rows - at);
        const vectors = tf.reshape(tf.slice(table, [at, 0], [size, dim]), [1, size, dim]);
        // For one replica, tf.tile would only copy all vectors.
        parts.push(adapt(subject, replicas === 1 ? vectors : tf.tile(vectors, [replicas, 1, 1])));
      }
      return tf.concat(parts, 1);
    };
    const width = shape.adaptor!.layers.at(-1)!;
    const table = (raw: Variable): Variable => zerosVariable([replicas, raw.shape[0]!, width]);
    const tables = { users: table(userKnowledge), items: table(itemKnowledge) };
    const make = (): AdaptedTables => ({
      users: whole("user", userKnowledge),
      items: whole("item", itemKnowledge),
    });
    return new AdaptedKnowledge(tables, make, {
      inputs: [],
      run: () => {
        const { users, items } = make();
        tables.users.assign(users as never);
        tables.items.assign(items as never);
        return [];
      },
    });
  }

  dispose(): void {
    this.tables.users.dispose();
    this.tables.items.dispose();
  }
}
