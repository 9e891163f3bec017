import type { StageTask } from "../../../../src/contract/runner.js";
import type { Engine } from "../../../base/stage/engine.js";
import type { Answerer } from "../answerer.js";
import type { InferExecution, InferParams, InferSettings } from "../settings.js";

/** A think, reflect or refine stage in the hands of its engine. */
export type InferTask = StageTask<InferParams, InferExecution>;

/** A way to have prompts answered by a model. */
export interface InferEngine extends Engine<InferSettings, InferParams, InferExecution, Answerer> {
  /** Settings, of those that it reads, that decide what the model answers. */
  readonly decides: readonly (keyof InferSettings)[];
  /** False: it cannot run a model that the sweep fine-tunes. */
  readonly takesAdapters: boolean;
  /** True: whoever serves the model brings its chat template. */
  readonly bringsTemplate: boolean;
  /** Prompts answered at once, for `plan --estimate`; null: another machine does the work. */
  promptsAtOnce(execution: InferExecution): number | null;
  /** As a runner's `tighten`; left out: it cannot do with less of a card's memory. */
  tighten?(params: InferParams, execution: InferExecution, times: number): string | null;
}
