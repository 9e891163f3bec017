import type { StageRequest } from "../../../src/contract/runner.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { Control, ControlParams } from "./settings.js";

/** What a control is made from. */
export interface ControlSource {
  /** Where the vectors come from, for the label: `profile`. */
  readonly of: string;
  /** Vectors of a cell without the control. */
  readonly vectors: StageRequest;
  /** The same before centring. */
  readonly uncentred: StageRequest;
}

/** The stage that puts a control in the place of vectors. */
export function controlStage(
  control: Control,
  sides: readonly Side[],
  seed: number,
  { of, vectors, uncentred }: ControlSource,
): StageRequest<ControlParams> {
  return {
    runner: "control",
    label: sides.length < 2 ? `${control} ${sides[0]} of ${of}` : `${control} ${of}`,
    params: { control, sides, seed: control === "constant" ? null : seed },
    inputs: inputsOf(),
    files: {},
    execution: {},
  };

  /**
   * One input is enough if no vector of the variant is left, or if all are vectors of the variant.
   */
  function inputsOf(): StageRequest["inputs"] {
    if (control === "shuffled" || vectors === uncentred) return { vectors };
    return sides.length < 2 ? { vectors, uncentred } : { vectors: uncentred };
  }
}
