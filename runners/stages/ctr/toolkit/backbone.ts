import type { JsonSchema } from "../../../../src/contract/science.js";
import type { ModelShape } from "../model.js";
import type { Kit } from "./kit.js";
import type { Sample } from "./sample.js";
import type { Value } from "./value.js";

/** A CTR model without its inputs: what a backbone's file, or a module of the user's, exports. */
export interface Backbone {
  readonly id: string;
  readonly description: string;
  /** JSON Schema of the backbone's own options, an object; each with a default and a description. */
  readonly options: JsonSchema;
  /**
   * Whether the network looks at several samples of a batch together in training, with these options. By default it
   * does not.
   */
  mixesSamples?(options: ModelShape["options"]): boolean;
  /** Makes the layers, once; returns the function that applies them to a sample. */
  build(kit: Kit, shape: ModelShape): Network;
}

/** The logit of a sample: a vector of width 1. */
export type Network = (sample: Sample) => Value;
