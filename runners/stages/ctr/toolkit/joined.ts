import { linear, linearBeside, oneHot, reduce } from "./operations.js";
import { tf, type Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/**
 * The mean of some rows of a small table, for each sample: a vector. It is the same as the rows' shares
 * in it times the table, so that a dense layer may multiply the table instead of every sample's mean.
 */
export class Mixture extends Value {
  #shares: Tensor | undefined;

  constructor(
    /** [R, n, width] */
    readonly table: Tensor,
    /** int32 [R, B, rows] */
    readonly ids: Tensor,
  ) {
    super(() => linear(this.shares, table, null, { leaf: true }));
  }

  /** Whether a table is so small that mixing its rows is less work than looking them up. */
  static suits({ shape }: Tensor): boolean {
    return shape[1]! <= shape[2]!;
  }

  override get width(): number {
    return this.table.shape[2]!;
  }

  /** Each row of the table's share in the mean, float32 [R, B, n]; no function of any parameter. */
  get shares(): Tensor {
    this.#shares ??= reduce(oneHot(this.ids, this.table.shape[1]!), 2, "mean");
    return this.#shares;
  }
}

/** Vectors side by side that are laid so only when somebody asks for the whole. */
export class Joined extends Value {
  constructor(readonly parts: readonly Value[]) {
    super(() =>
      tf.concat(
        parts.map((part) => part.tensor),
        -1,
      ),
    );
  }

  override get width(): number {
    return this.parts.reduce((sum, { width }) => sum + width, 0);
  }

  /** True where a dense layer is clearly less work on the shares of mixtures than on their means. */
  get mixed(): boolean {
    const saved = this.parts.reduce(
      (sum, part) => sum + (part instanceof Mixture ? part.width - part.table.shape[1]! : 0),
      0,
    );
    return 5 * saved > this.width;
  }

  /** The whole times a kernel [R, in, out], plus a bias [R, out] or none: [R, B, out]. */
  product(kernel: Tensor, bias: Tensor | null, relu: boolean): Tensor {
    const widths = this.parts.map(({ width }) => width);
    const kernels = tf.split(kernel, widths, 1);
    const own: [Tensor, Tensor][] = [];
    const mixed: [Tensor, Tensor][] = [];
    this.parts.forEach((part, i) => {
      if (part instanceof Mixture) mixed.push([part.shares, linear(part.table, kernels[i]!, null)]);
      else own.push([part.tensor, kernels[i]!]);
    });
    const beside = (pairs: readonly [Tensor, Tensor][]): [Tensor, Tensor] => [
      join(
        pairs.map(([values]) => values),
        2,
      ),
      join(
        pairs.map(([, kernel]) => kernel),
        1,
      ),
    ];
    return linearBeside(beside(own), beside(mixed), bias, relu);
  }
}

const join = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.concat([...tensors], axis);

/** Side by side: the widths add up. Nulls are left out, so that knowledge may be absent. */
export function concat(values: readonly (Value | null)[]): Value {
  const present = values
    .filter((value) => value !== null)
    .flatMap((value) => (value instanceof Joined ? value.parts : [value]));
  if (present.length === 1) return present[0]!;
  return new Joined(present);
}
