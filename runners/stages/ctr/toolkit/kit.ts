import {
  attentionPooling,
  pairAttention,
  type AttentionPooling,
  type PairAttention,
} from "./attention.js";
import { LayerContext } from "./context.js";
import { dense, mlp, rowDense, type DenseOptions, type Layer } from "./dense.js";
import { fieldVectors } from "./data-fields.js";
import { embedding, type Embedding } from "./embedding.js";
import { expertInput, expertLayers, type Experts } from "./experts.js";
import { fieldInput, type FieldInput } from "./fields.js";
import { gru, gruCell, type Gru, type GruCell, type GruOptions } from "./gru.js";
import { multiHeadAttention, type HeadsOptions } from "./heads.js";
import { zeros, type Initial } from "./initial.js";
import * as initial from "./initial.js";
import { tf } from "../tensorflow.js";
import type { Sample } from "./sample.js";
import { concat, stack, type Value } from "./value.js";

/**
 * Everything that a backbone needs. The methods make layers; each layer has parameters under its own
 * name. Values are combined by their own methods (see Value). A backbone does not see samples of a
 * batch or replicas.
 */
export class Kit extends LayerContext {
  /** Starting values for parameters. */
  readonly initial = initial;

  /** Kernel and bias: a vector [from] becomes [to], rows [n, from] become [n, to]. */
  dense(name: string, from: number, to: number, options?: DenseOptions): Layer {
    return dense(this, name, from, to, options);
  }
  /** Dense layers with ReLU, the last one too, and dropout after each: [from] becomes [last size]. */
  mlp(name: string, from: number, sizes: readonly number[]): Layer {
    return mlp(this, name, from, sizes);
  }
  /** The cell's final MLP (`ctr.mlp`) and a dense layer to the logit: [from] becomes [1]. */
  head(from: number): Layer {
    const hidden = this.mlp("final", from, this.shape.mlp);
    const logit = this.dense("logit", this.shape.mlp.at(-1)!, 1);
    return (input) => input.forward.ways.eachSample(input, (piece) => logit(hidden(piece)));
  }
  /** A kernel of its own for each row, no bias: rows [rows, from] become [rows, to]. */
  rowDense(name: string, rows: number, from: number, to: number, start?: Initial): Layer {
    return rowDense(this, name, rows, from, to, start);
  }
  /** Adds a trainable vector [width], which starts as zero. */
  bias(name: string, width: number): Layer {
    const bias = this.parameters.add(name, [width], zeros, false);
    return (input) => input.add(input.made(tf.expandDims(bias, 1)));
  }
  /** A table of `rows` vectors [width], row 0 included, looked up by ids. */
  embedding(name: string, rows: number, width: number): Embedding {
    return embedding(this, name, rows, width);
  }
  /**
   * A vector [width] of each id of the data set's fields, beside those of the sample: gives those of the
   * user's, the target item's and the context's fields side by side [fields × width]. Only where there
   * are fields (`shape.fields`).
   */
  fieldEmbedding(name: string, width: number): (sample: Sample) => Value {
    const { fieldIds } = this.shape;
    if (fieldIds === undefined)
      throw new Error(`${name} is an embedding of fields: the data set has none`);
    const table = embedding(this, name, fieldIds + 1, width);
    return ({ slots: { user, item, context }, target }) =>
      concat(
        [user, item, context].map((slots) =>
          slots === null
            ? null
            : fieldVectors(table, slots, (make) => target.made({ kind: "given", make })),
        ),
      );
  }
  /**
   * A vector of each user's own, looked up by `sample.userId`. Users without training samples have
   * the mean of the others. Only where `ctr.user_id` is on (`shape.users` is a number).
   */
  userEmbedding(name: string, width: number): Embedding {
    const { users } = this.shape;
    if (users === undefined)
      throw new Error(`${name} is an embedding of users: ctr.user_id is off`);
    return embedding(this, name, users + 1, width, true);
  }
  /** DIN's attention over `rows` rows of `width`, its hidden layers with Dice. */
  attentionPooling(
    name: string,
    rows: number,
    width: number,
    hidden: readonly number[],
  ): AttentionPooling {
    return attentionPooling(this, name, rows, width, hidden);
  }
  /** Each row attends to all rows of its sample: rows [n, width] become [n, heads × size]. */
  multiHeadAttention(name: string, width: number, options: HeadsOptions): Layer {
    return multiHeadAttention(this, name, width, options);
  }
  /** Each row's weights of the other rows, by a linear function of the pair. */
  pairAttention(name: string, width: number): PairAttention {
    return pairAttention(this, name, width);
  }
  /** Gated recurrent unit over rows. */
  gru(name: string, from: number, hidden: number, options?: GruOptions): Gru {
    return gru(this, name, from, hidden, options);
  }
  /** One step of a gated recurrent unit: [from] and a state [hidden] become [hidden]. */
  gruCell(name: string, from: number, hidden: number): GruCell {
    return gruCell(this, name, from, hidden);
  }
  /** The first layer of several experts, as one product: [from] becomes [count × width]. */
  expertInput(name: string, count: number, from: number, width: number): Layer {
    return expertInput(this, name, count, from, width);
  }
  /** The deeper layers of several experts, and their mixture by a gate. */
  expertLayers(name: string, count: number, sizes: readonly number[]): Experts {
    return expertLayers(this, name, count, sizes);
  }
  /** The sample as rows of the embedding's width: the input of the field models. */
  fields(): FieldInput {
    return fieldInput(this);
  }

  /** Values side by side: the widths add up. Nulls are left out. */
  concat(values: readonly (Value | null)[]): Value {
    return concat(values);
  }
  /** Vectors, or rows of vectors, below each other; nulls are left out. */
  stack(values: readonly (Value | null)[]): Value {
    return stack(values);
  }
}
