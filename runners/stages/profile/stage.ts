import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";

/** Parameters of a profile stage. */
export interface ProfileParams extends JsonObject {
  /** The number of a user's first interactions in the text. */
  readonly history: number;
}

/** The stage that writes titles, attributes and ratings as text, without an LLM. */
export const profileStage = (
  history: number,
  dataset: StageRequest,
): StageRequest<ProfileParams> => ({
  runner: "profile",
  label: "profile",
  params: { history },
  inputs: { dataset },
  files: {},
  execution: {},
});
