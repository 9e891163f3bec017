/** What training and scoring do differently on a GPU and on CPUs. The numbers were measured. */
export interface Device {
  readonly kind: "cpu" | "gpu";
  /**
   * Samples, over all replicas, that one call scores and one piece of a call takes through the model:
   * on a CPU a piece stays in the caches and a call shares what is made for all its pieces; on a GPU
   * one piece fills the card.
   */
  readonly scored: { readonly call: number; readonly piece: number };
  /**
   * Rows of a knowledge table that the adaptor takes at once, over all replicas: as many as a GPU's
   * memory has room for, as are worth a core's while on a CPU, where several are on their way side by side.
   */
  readonly adaptedRows: number;
  /**
   * Pieces of a training step's batch: two keep two cores busy where one chain of operations would
   * not (AutoInt: 106,000 samples/s against 70,000), and cost less than a tenth where every core has
   * a cell of its own. Always as many, so that the number of cores does not show in a result.
   */
  readonly pieces: number;
  /** Most replicas of one graph: a GPU has room for many, the caches of a CPU do not. */
  readonly mostReplicas: number;
  /**
   * Whether whole numbers are kept as float32: TensorFlow keeps int32 variables out of a GPU's
   * memory, so that each look-up in one would copy it there and back.
   */
  readonly wholeNumbersAsFloats: boolean;
  /** Whether a weighted sum of rows is a product of each sample's own: a GPU has too many samples. */
  readonly sumsByProduct: boolean;
  /** Whether `ctr.xla: auto` may compile. */
  readonly compiles: boolean;
}

/** All CPU cores that the process may use. */
export const cpu: Device = {
  kind: "cpu",
  scored: { call: 4096, piece: 1024 },
  adaptedRows: 512,
  pieces: 2,
  mostReplicas: 8,
  wholeNumbersAsFloats: false,
  sumsByProduct: true,
  compiles: false,
};

/** One NVIDIA GPU. */
export const gpu: Device = {
  kind: "gpu",
  scored: { call: 65536, piece: 65536 },
  adaptedRows: 16384,
  pieces: 1,
  mostReplicas: 32,
  wholeNumbersAsFloats: true,
  sumsByProduct: false,
  compiles: true,
};
