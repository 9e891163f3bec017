import { UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";

/** What decides the form of a stage's vectors. */
interface Form {
  /** Numbers of one vector, or null for as many as the model gives. */
  readonly dimension: number | null;
  /** Whether a vector that is cut is scaled to length 1 again. */
  readonly normalize: boolean;
}

/** The form that an embed stage's parameters ask for. */
export const formOf = (params: JsonObject): Form => ({
  dimension: typeof params["dimension"] === "number" ? params["dimension"] : null,
  normalize: params["normalize"] === true,
});

/**
 * Brings a model's vectors into one form. Many servers ignore the `dimensions` of a request: a
 * longer vector is cut to its first numbers and, where the stage normalizes, scaled to length 1
 * again, as OpenAI describes it for its own models. Vectors of another width than the first one's,
 * shorter than asked for, or with a number that is not finite in float32 end the stage with a
 * UserError.
 *
 * @param width of vectors that are there already, or null
 */
export function fitter(
  { dimension, normalize }: Form,
  width: number | null,
): (vector: Float32Array) => Float32Array {
  let given: number | null = dimension === null ? width : null;
  return (vector) => {
    given ??= vector.length;
    if (vector.length !== given) {
      throw new UserError(
        `the model gave vectors of different widths: ${given} and ${vector.length} numbers`,
      );
    }
    const bad = vector.findIndex((number) => !Number.isFinite(number));
    if (bad >= 0) {
      throw new UserError(
        `the model gave a vector whose number ${bad} (from 0) is ${vector[bad]!} in float32`,
      );
    }
    if (dimension === null || vector.length === dimension) return vector;
    if (vector.length < dimension) {
      throw new UserError(
        `the model gave vectors of ${vector.length} numbers, but embed.dimension is ${dimension}`,
      );
    }
    const cut = vector.slice(0, dimension);
    if (normalize) scaleToOne(cut);
    return cut;
  };
}

/** Scales a vector to length 1, in place; zeros stay zeros. */
export function scaleToOne(vector: Float32Array): void {
  const length = Math.hypot(...vector);
  if (length > 0) vector.forEach((number, n) => (vector[n] = number / length));
}
