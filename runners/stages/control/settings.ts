import type { JsonObject } from "../../../src/base/json.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { SIDES } from "../../base/artifacts/knowledge.js";

/** The controls that vectors can be replaced by, in the order of the schema. */
export const CONTROLS = ["shuffled", "random", "constant"] as const;
export type Control = (typeof CONTROLS)[number];

/** Settings of a control as they stand under `knowledge`; a cell without one may lack both. */
export interface ControlSettings {
  readonly control?: "off" | Control;
  readonly control_side?: "both" | Side;
}

/** The control that a cell has; null: none. */
export const controlOf = ({ control }: ControlSettings): Control | null =>
  control === undefined || control === "off" ? null : control;

/** The sides whose vectors a control replaces. */
export const controlledSides = ({ control_side }: ControlSettings): readonly Side[] =>
  control_side === undefined || control_side === "both" ? SIDES : [control_side];

/** Parameters of a control stage. */
export interface ControlParams extends JsonObject {
  readonly control: Control;
  /** Whose vectors are replaced. */
  readonly sides: readonly Side[];
  /** The seed of the draw; null if nothing is drawn, so that all seeds share the artifact. */
  readonly seed: number | null;
}
