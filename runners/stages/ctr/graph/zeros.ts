import { tf, type Variable } from "../tensorflow.js";

/** What variables hold that began as zeros, until something else is assigned to them. */
const zeros = new WeakSet<object>();

/** Zeros that all such variables share on the host: each of them is as large as the parameters of all replicas. */
let shared = new ArrayBuffer(0);

function zeroValues(size: number, dtype: "float32" | "int32"): Float32Array | Int32Array {
  if (shared.byteLength < 4 * size) shared = new ArrayBuffer(4 * size);
  return dtype === "int32" ? new Int32Array(shared, 0, size) : new Float32Array(shared, 0, size);
}

/**
 * A variable that is not trained and begins as zeros. A graph makes the zeros where they are needed, so they
 * need not be sent there: most of what a training session holds begins so.
 */
export function zerosVariable(
  shape: readonly number[],
  dtype: "float32" | "int32" = "float32",
): Variable {
  const values = zeroValues(tf.util.sizeFromShape([...shape]), dtype);
  const variable = tf.tidy(() => tf.variable(tf.tensor(values, [...shape], dtype), false));
  zeros.add(variable.dataId);
  return variable;
}

/** Whether a variable still is the zeros that it began as. */
export const holdsZeros = ({ dataId }: Variable): boolean => zeros.has(dataId);
