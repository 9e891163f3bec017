import type { Rewrites } from "../rewrites/index.js";
import type { Device } from "../device.js";
import type { ForwardMode, ModelShape } from "../model.js";
import type { Parameters } from "./parameters.js";
import { tf, type Tensor } from "../tensorflow.js";
import { Value } from "./value.js";

/** Widths of the parts of a sample that a backbone is given. */
export interface Widths {
  /** Target item with its attributes. */
  readonly target: number;
  /** One interaction of the history: item, attributes, rating. */
  readonly history: number;
  /** Embedding of the user's id; 0 without one (`ctr.user_id: false`). */
  readonly user: number;
  /** User's and item's knowledge together; 0 without knowledge. */
  readonly knowledge: number;
}

/** What every layer is made with: the model's parameters and shape, and how the current pass runs. */
export class LayerContext {
  /** How the pass under way runs. */
  mode: ForwardMode = { training: false };
  private readonly updates = new Map<number, Tensor>();

  constructor(
    readonly parameters: Parameters,
    readonly shape: ModelShape,
    readonly widths: Widths,
    readonly device: Device,
    readonly rewrites: Rewrites,
  ) {}

  /** Drops out while training, by the trainer's noise. */
  dropout(value: Value): Value {
    const { training, noise } = this.mode;
    if (!training || noise === undefined) return value;
    return new Value(tf.mul(value.tensor, noise(value.tensor.shape.slice(1))));
  }

  /** For layers with state: the new value of a state variable after this training step. */
  updateState(place: number, value: Tensor): void {
    this.updates.set(place, value);
  }
  /** New values of all state variables, in order, those of layers not run as they were. */
  takeUpdates(): Tensor[] {
    const values = this.parameters.state.map(
      ({ variable }, place) => this.updates.get(place) ?? variable,
    );
    this.updates.clear();
    return values;
  }
}
