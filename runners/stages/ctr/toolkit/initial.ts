import type { Random } from "./random.js";

/** Fills a parameter's initial values for one replica. */
export type Initial = (values: Float32Array, random: Random) => void;

export const zeros: Initial = () => {};

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Initial {
  return (values, random) => {
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * random.uniform();
  };
}

/** Normal with variance 2 / (fanIn + fanOut): Glorot and Bengio 2010, eq. 16's normal form. */
export function xavierNormal(fanIn: number, fanOut: number): Initial {
  const deviation = Math.sqrt(2 / (fanIn + fanOut));
  return (values, random) => random.normals(values, deviation);
}

/** Uniform in ± √(6 / (fanIn + fanOut)): Glorot and Bengio 2010, eq. 16. */
export function xavierUniform(fanIn: number, fanOut: number): Initial {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return uniform(-bound, bound);
}

/** PyTorch's default of recurrent cells (1 / √hidden) and of convolutions (1 / √fanIn). */
export function inverseRoot(size: number): Initial {
  const bound = 1 / Math.sqrt(size);
  return uniform(-bound, bound);
}
