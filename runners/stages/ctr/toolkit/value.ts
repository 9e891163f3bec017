import type { Forward } from "./expression.js";
import { idsAVector, type Expression, type Form } from "./expression.js";
import { activate, cut, leakyRelu, matMul, reduce } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";

/**
 * What layers give to each other. For a backbone, a value is one vector of `width` numbers for each
 * sample, or several `rows` of such vectors (positions of a history, or fields). Backbones do not see
 * samples or replicas. If a vector and rows are combined, the vector is combined with each row; a
 * width of 1 is repeated to the other's width.
 *
 * For the toolkit, a value is an expression whose tensor is [R, B, width] or [R, B, rows, width], with
 * B = 1 for a parameter. It belongs to one forward pass, and so do the values made from it.
 */
export class Value implements Expression<Value> {
  readonly form: Form<Value>;
  #tensor: Tensor | undefined;

  constructor(
    what: Tensor | Form<Value>,
    readonly forward: Forward<Value>,
    /** True for an input of the model: nobody needs its gradient. */
    readonly leaf = false,
  ) {
    if (what instanceof tf.Tensor) {
      this.#tensor = what;
      this.form = { kind: "given", make: () => what };
    } else this.form = what;
  }

  /** For the toolkit alone. */
  get tensor(): Tensor {
    return (this.#tensor ??= this.forward.ways.compute(this));
  }
  get computed(): boolean {
    return this.#tensor !== undefined;
  }
  /** Called by a rewrite that computed this value together with others. */
  settle(tensor: Tensor): void {
    this.#tensor = tensor;
  }

  /** Numbers in a vector, or in each row. */
  get width(): number {
    const { form } = this;
    switch (form.kind) {
      case "look-up":
        return idsAVector(form) * form.table.shape[2]!;
      case "mean":
        return form.of.width;
      case "concat":
        return form.parts.reduce((sum, { width }) => sum + width, 0);
      case "outer":
        return form.of[0].width * form.of[1].width;
      case "sum of rows":
        return form.of[0]!.table.shape[2]!;
      case "given":
        return this.tensor.shape.at(-1)!;
    }
  }

  /** How many rows, or null for a vector. */
  get rows(): number | null {
    return this.tensor.rank === 4 ? this.tensor.shape[2]! : null;
  }

  /** A new value of the same forward pass. */
  made(what: Tensor | Form<Value>, leaf = false): Value {
    return new Value(what, this.forward, leaf);
  }

  /** Sum, element by element; a vector meets every row, a number every element. */
  add(other: Value | number): Value {
    return this.combine(other, (a, b) => tf.add(a, b));
  }
  /** Difference, element by element. */
  sub(other: Value | number): Value {
    return this.combine(other, (a, b) => tf.sub(a, b));
  }
  /** Product, element by element. */
  mul(other: Value | number): Value {
    return this.combine(other, (a, b) => tf.mul(a, b));
  }
  /** Each element times itself. */
  square(): Value {
    return this.made(tf.square(this.tensor));
  }
  /** The larger of 0 and each element. */
  relu(): Value {
    return this.made(activate(this.tensor, "Relu"));
  }
  /** 1 / (1 + e⁻ˣ) of each element. */
  sigmoid(): Value {
    return this.made(activate(this.tensor, "Sigmoid"));
  }
  /** Hyperbolic tangent of each element. */
  tanh(): Value {
    return this.made(activate(this.tensor, "Tanh"));
  }
  /** Elements below 0 are multiplied by `slope`. */
  leakyRelu(slope: number): Value {
    return this.made(leakyRelu(this.tensor, slope));
  }
  /** Over the width: the numbers of a vector, or of each row, sum to 1. */
  softmax(): Value {
    return this.made(tf.softmax(this.tensor));
  }

  /** Mean of the rows: a vector. */
  mean(): Value {
    return this.made(reduce(rowsOf(this), 2, "mean"));
  }
  /** Sum of the rows: a vector. */
  sum(): Value {
    return this.forward.ways.addRows(this);
  }
  /** Sum over the width, which becomes 1. */
  sumWidth(): Value {
    const { shape, rank } = this.tensor;
    return this.made(tf.reshape(reduce(this.tensor, rank - 1, "sum"), [...shape.slice(0, -1), 1]));
  }
  /** Mean over the width, which becomes 1. */
  meanWidth(): Value {
    const { shape, rank } = this.tensor;
    return this.made(tf.reshape(reduce(this.tensor, rank - 1, "mean"), [...shape.slice(0, -1), 1]));
  }

  /** All rows one after another, as one vector. */
  flatten(): Value {
    const [replicas, samples, rows, width] = rowsOf(this).shape as [number, number, number, number];
    return this.made(tf.reshape(this.tensor, [replicas, samples, rows * width]), this.leaf);
  }
  /** A vector cut into rows of equal width. */
  toRows(rows: number): Value {
    const [replicas, samples, width] = this.onVector().shape as [number, number, number];
    return this.made(tf.reshape(this.tensor, [replicas, samples, rows, width / rows]), this.leaf);
  }
  /** Rows become the width and the width the rows. */
  transpose(): Value {
    return this.made(tf.transpose(rowsOf(this), [0, 1, 3, 2]));
  }
  /** Cut along the width into parts of these widths. */
  split(widths: readonly number[]): Value[] {
    if (widths.length === 1) return [this];
    return cut(this.tensor, widths, this.tensor.rank - 1).map((part) => this.made(part));
  }
  /** The rows one by one, as vectors. */
  eachRow(): Value[] {
    // tfjs can't differentiate an unstack into one.
    if (this.rows === 1) return [this.flatten()];
    return tf.unstack(rowsOf(this), 2).map((row) => this.made(row));
  }

  /** Rows by their places, in the order given; a place may come several times. */
  select(places: readonly number[]): Value {
    return this.made(this.forward.ways.selectRows(rowsOf(this), places));
  }

  /** Rows [n, k] times the rows [k, m] of another: rows [n, m]. */
  times(other: Value): Value {
    return this.made(matMul(rowsOf(this), rowsOf(other)));
  }
  /** Dot product of each row with each row of another: rows [n, m]. */
  dots(other: Value): Value {
    return this.made(matMul(rowsOf(this), rowsOf(other), true));
  }
  /** Products of each number in a row with each number in the same row of another, this one's first. */
  outer(other: Value): Value {
    for (const rows of [this, other]) rowsOf(rows);
    return this.made({ kind: "outer", of: [this, other] });
  }

  /** All samples of the batch as the rows of one sample; only training may mix samples so. */
  batchToRows(): Value {
    const [replicas, samples, width] = this.onVector().shape as [number, number, number];
    return this.made(tf.reshape(this.tensor, [replicas, 1, samples, width]));
  }
  /** The way back from {@link batchToRows}. */
  rowsToBatch(): Value {
    const [replicas, , rows, width] = rowsOf(this).shape as [number, number, number, number];
    return this.made(tf.reshape(this.tensor, [replicas, rows, width]));
  }

  private combine(other: Value | number, apply: (a: Tensor, b: Tensor) => Tensor): Value {
    if (typeof other === "number") return this.made(apply(this.tensor, tf.scalar(other)));
    const rank = Math.max(this.tensor.rank, other.tensor.rank);
    return this.made(apply(this.ofRank(rank), other.ofRank(rank)));
  }

  private ofRank(rank: number): Tensor {
    if (this.tensor.rank === rank) return this.tensor;
    const [replicas, samples, width] = this.tensor.shape as [number, number, number];
    return tf.reshape(this.tensor, [replicas, samples, 1, width]);
  }

  private onVector(): Tensor {
    if (this.tensor.rank !== 3) throw new Error("this operation needs a vector and was given rows");
    return this.tensor;
  }
}

/** The tensor of rows, [R, B, rows, width]. Throws where the value is a vector. */
export function rowsOf({ tensor }: Value): Tensor {
  if (tensor.rank !== 4) throw new Error("this operation needs rows and was given a vector");
  return tensor;
}

/** The width of a value, as far as it can be told without computing the value; null: it cannot. */
export function knownWidth(value: Value): number | null {
  const { form } = value;
  if (form.kind === "given") return value.computed ? value.width : null;
  if (form.kind === "mean") return knownWidth(form.of);
  if (form.kind === "outer") {
    const [first, second] = form.of.map(knownWidth) as [number | null, number | null];
    return first === null || second === null ? null : first * second;
  }
  if (form.kind !== "concat") return value.width;
  const widths = form.parts.map(knownWidth);
  return widths.reduce((sum, width) => (sum === null || width === null ? null : sum + width), 0);
}

/** Vectors and rows of one width, one below the other: rows. Nulls are left out. */
export function stack(values: readonly (Value | null)[]): Value {
  const present = values.filter((value) => value !== null);
  const rows = present.map((value) => (value.rows === null ? value.toRows(1) : value));
  const tensors = rows.map((value) => value.tensor);
  return rows.length === 1 ? rows[0]! : rows[0]!.made(tf.concat(tensors, 2));
}

/** Values side by side: the widths add up. Nulls are left out, for a sample without knowledge. */
export function concat(values: readonly (Value | null)[]): Value {
  const parts = values
    .filter((value) => value !== null)
    .flatMap((value) => (value.form.kind === "concat" ? value.form.parts : [value]));
  return parts.length === 1 ? parts[0]! : parts[0]!.made({ kind: "concat", parts });
}
