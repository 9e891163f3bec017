import type { SpecPlace } from "../../../src/contract/spec-place.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SampleClass } from "../../base/artifacts/samples.js";
import { modelInput, type NamedModel } from "../../base/models/model-input.js";
import { resolvePath } from "../../base/files/spec-path.js";
import { chatTemplateOf } from "../../base/models/chat-template.js";
import { optionsOf } from "./config.js";
import type { FinetuneExecution, FinetuneParams, FinetuneSettings, Role } from "./settings.js";

/** Stages that hold samples, and the classes to take from each. */
export interface SampleSource {
  readonly stage: StageRequest;
  readonly classes: readonly SampleClass[];
}

/** The stage that trains an adapter. */
export function finetuneStage(
  role: Role,
  settings: FinetuneSettings,
  base: NamedModel,
  seed: number,
  sources: { readonly [input: string]: SampleSource },
  place: SpecPlace,
): StageRequest {
  const model = modelInput("model", base.name, base.revision ?? null, place);
  const params: FinetuneParams = {
    role,
    model: model.params,
    template: base.template ?? chatTemplateOf(base.name) ?? "default",
    seed,
    samples: Object.fromEntries(
      Object.entries(sources).map(([input, source]) => [input, source.classes]),
    ),
    options: optionsOf(settings, role),
    batch_size: settings.batch_size,
  };
  const execution: FinetuneExecution = {
    micro_batch_size: settings.micro_batch_size,
    save_steps: settings.save_steps,
    precision: settings.precision,
    gpus: settings.gpus,
  };
  return {
    runner: "finetune",
    label: `finetune ${role}`,
    params,
    inputs: {
      ...Object.fromEntries(
        Object.entries(sources).map(([input, source]) => [input, source.stage]),
      ),
      ...model.inputs,
    },
    files: model.files,
    execution,
  };
}

/** The stage that reads the spec's own samples. */
export function ownSamplesStage(settings: FinetuneSettings, place: SpecPlace): StageRequest {
  const files = Object.entries(settings.samples).flatMap(([name, file]) =>
    file === null ? [] : [[name, { path: resolvePath(file, place) }] as const],
  );
  return {
    runner: "samples",
    label: "own samples",
    params: {},
    inputs: {},
    files: Object.fromEntries(files),
    execution: {},
  };
}
