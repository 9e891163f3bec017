import type { Tensor, Variable } from "../tensorflow.js";

/** The numbers of an Adam step, float32 [] each; the powers are those of the betas so far. */
export interface AdamScalars {
  readonly power1: Tensor;
  readonly power2: Tensor;
  readonly rate: Tensor;
  readonly beta1: Tensor;
  readonly beta2: Tensor;
  readonly epsilon: Tensor;
}

/**
 * TensorFlow's own Adam step, which updates a variable and its two moments in place, in one pass:
 * p ← p − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + epsilon).
 */
export type AdamKernel = (
  variable: Variable,
  first: Variable,
  second: Variable,
  scalars: AdamScalars,
  gradient: Tensor,
) => void;

/** Operations that a session has in addition to those of tfjs. */
export interface Kernels {
  /** Null if the session has no such kernel: in eager mode, and in a program that XLA compiles. */
  readonly adam: AdamKernel | null;
}

/** A function over tensors that may assign to variables; it must not read tensor values. */
export type TensorFunction = (inputs: readonly Tensor[], kernels: Kernels) => readonly Tensor[];

/** An argument of a function. */
export interface FunctionInput {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  /**
   * The value that tracing fills it with, 0 by default. The function must be able to work with it.
   */
  readonly example?: number;
}

/** A function that runs several times in one call, its first input growing by the stride. */
export interface Loop {
  readonly times: number;
  /** int32, of the first input's shape, which is one axis long. */
  readonly stride: readonly number[];
}

/** A function to execute, with the shape and type of what it is called with. */
export interface FunctionSpec {
  readonly run: TensorFunction;
  readonly inputs: readonly FunctionInput[];
  /** Several turns in one call. Such a function has no outputs. */
  readonly loop?: Loop;
  /** False if compiling the function would not save time. */
  readonly compile?: boolean;
}

/** The inputs of each turn of a function: one, or those that its loop makes of them. */
export function* turns(spec: FunctionSpec, inputs: readonly Numbers[]): Generator<Numbers[]> {
  const { loop } = spec;
  if (loop === undefined) return yield [...inputs];
  const [first, ...rest] = inputs;
  for (let turn = 0; turn < loop.times; turn++) {
    yield [Int32Array.from(first!, (value, i) => value + turn * loop.stride[i]!), ...rest];
  }
}

/** Numbers of a tensor in C order. */
export type Numbers = Float32Array | Int32Array;

/**
 * Runs functions over shared variables, call by call. What they assign stays for the next call.
 * {@link EagerSession} runs them operation by operation; {@link GraphSession} runs each as one graph.
 */
export interface Session {
  readonly kind: "eager" | "graph";
  /** Calls a function by name; inputs as its spec says; returns the values of its outputs. */
  run(name: string, inputs: readonly Numbers[]): Numbers[];
  /** Values of variables, in the order given. */
  read(variables: readonly Variable[]): Numbers[];
  /** Sets variables. */
  write(variables: readonly Variable[], values: readonly Numbers[]): void;
  /** Frees what the session itself holds; the variables belong to whoever made them. */
  dispose(): void;
}
