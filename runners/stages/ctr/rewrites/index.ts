/*
 * The rewrites: ways to compute the same thing with less work. Each can be switched off, one by one,
 * when a wrong number is hunted; what is left then is the plain evaluation. Rewrites that change the
 * order of a sum change a result by rounding.
 *
 * Layers say what is computed (toolkit/expression.ts), toolkit/plain.ts computes it plainly, and each
 * file of this folder replaces some of those plain ways. Rewrites of training and scoring as a whole
 * are made where training and scoring are; the descriptions below say where.
 */

/** What a rewrite does, why that is cheaper, and where it applies. */
interface Description {
  readonly does: string;
  readonly cheaper: string;
  readonly applies: string;
}

const described = {
  "product-by-table": {
    does: "a dense layer on looked-up rows multiplies the tables, and looks the products up",
    cheaper: "each vector is multiplied once instead of once for every row that it stands in",
    applies: "layers on the history, where the tables are small beside the batch",
  },
  "means-by-shares": {
    does: "a mean of rows of a table is each row's share times the table; a dense layer multiplies the table",
    cheaper: "a product with a small table instead of a look-up and a sum",
    applies: "tables of no more rows than columns: genres, ratings",
  },
  "shared-lookup": {
    does: "look-ups in one table that are needed together are made at once",
    cheaper: "one look-up and one sum of gradients instead of two",
    applies: "the target and the history: items, and attributes that are looked up",
  },
  "gradient-by-product": {
    does: "the gradient of a look-up in a small table, and of rows picked by fixed places, is a product with ones and zeros",
    cheaper: "a scatter would add all its rows to the same few places, one after another",
    applies: "tables of up to 64 rows, and pairs of fields",
  },
  "one-head-matrix": {
    does: "queries and keys of a single head meet in one matrix, Wq Wkᵀ",
    cheaper: "one product with narrow rows instead of two with wide ones",
    applies: "self-attention with one head, without bias, on rows less than twice as wide",
  },
  "split-kernels": {
    does: "a layer on [q, k, q − k, q ⊙ k], or on pairs of rows, is cut into a product for each part",
    cheaper: "what several rows share is multiplied once",
    applies: "attention over a history, and of pairs of fields",
  },
  "sum-by-product": {
    does: "a weighted sum of rows is a matrix product of each sample",
    cheaper: "no product of all rows is kept",
    applies: "CPUs",
  },
  "sums-first": {
    does: "the sum of all rows after a dense layer is the layer on the rows' sum, with as many biases",
    cheaper: "one vector of a sample goes through the layer instead of all its rows",
    applies: "layers on products of rows whose output is added up: xDeepFM",
  },
  pieces: {
    does: "a batch goes through the model in pieces",
    cheaper: "pieces are computed side by side and stay in the caches",
    applies: "graphs on CPUs, batches of 256 and more (train/piece.ts; the final MLP: pieces.ts)",
  },
  "distinct-ids": {
    does: "each different user and item of a batch is adapted once",
    cheaper: "the adaptor sees fewer vectors",
    applies: "training with knowledge, where ids repeat (train/distinct.ts)",
  },
  "filled-batch": {
    does: "the last, shorter batch of an epoch is filled up with samples that do not count",
    cheaper:
      "it is one more turn of the loop, in place of a function of its own that is not compiled",
    applies:
      "steps that XLA compiles as a loop; r4ec's own backbones that do not mix samples (train/steps.ts)",
  },
  "adapt-once": {
    does: "scoring adapts every user and item once instead of once a sample",
    cheaper: "there are fewer users and items than samples",
    applies: "models with knowledge (train/adapted.ts)",
  },
  "adam-kernel": {
    does: "TensorFlow's own kernel makes the optimizer's step",
    cheaper: "one pass over the numbers instead of about ten",
    applies: "graphs that XLA does not compile (train/adamw.ts)",
  },
} as const satisfies { readonly [name: string]: Description };

export type Rewrite = keyof typeof described;

/** Names of all rewrites. */
export const rewriteNames = Object.keys(described) as readonly Rewrite[];

/** The rewrites that a model may use. */
export type Rewrites = ReadonlySet<Rewrite>;

/** All rewrites: what a model uses unless told otherwise. */
export const allRewrites: Rewrites = new Set(rewriteNames);

/** All rewrites but those named. Throws a RangeError that lists the names where one is unknown. */
export function rewritesWithout(names: readonly string[]): Rewrites {
  const unknown = names.find((name) => !(name in described));
  if (unknown !== undefined) {
    throw new RangeError(`no rewrite is named ${unknown}; there are ${rewriteNames.join(", ")}`);
  }
  return new Set(rewriteNames.filter((name) => !names.includes(name)));
}
