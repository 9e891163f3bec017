import { tf, type Variable } from "../tensorflow.js";

/** What variables hold that began as zeros, until something else is assigned to them. */
const zeros = new WeakSet<object>();

/**
 * A variable that is not trained and begins as zeros. A graph makes the zeros where they are needed, so they
 * need not be sent there: most of what a training session holds begins so.
 */
export function zerosVariable(
  shape: readonly number[],
  dtype: "float32" | "int32" = "float32",
): Variable {
  const variable = tf.tidy(() => tf.variable(tf.zeros([...shape], dtype), false));
  zeros.add(variable.dataId);
  return variable;
}

/** Whether a variable still is the zeros that it began as. */
export const holdsZeros = ({ dataId }: Variable): boolean => zeros.has(dataId);
