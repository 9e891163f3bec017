import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { engineNamed } from "../../base/stage/engine.js";
import type { EmbedParams } from "./engines/engine.js";
import { embedEngines } from "./engines/index.js";
import type { EmbedSettings } from "./settings.js";

/** The stage that turns a text artifact into vectors. */
export function embedStage(
  settings: EmbedSettings,
  place: SpecPlace,
  dataset: StageRequest,
  text: StageRequest,
): StageRequest<EmbedParams> {
  const parts = engineNamed(embedEngines, settings.engine).stage(settings, place);
  return {
    runner: "embed",
    label: `embed ${text.label}`,
    ...parts,
    inputs: { dataset, text, ...parts.inputs },
  };
}
