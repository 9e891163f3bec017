import type { Fingerprint } from "../base/fingerprint.js";
import type { CellRecord } from "../contract/records.js";
import type { SweepStarted } from "../journal/events.js";
import type { SweepState } from "../journal/index.js";
import { upstreamOf } from "../journal/lineage.js";
import { flatSettings } from "../spec/index.js";
import { datasetsOf } from "./datasets.js";
import { cellTags, stageTags } from "./identity.js";
import type { RunKey, RunUpdate } from "./update.js";

/** What a run of a stage is described by. */
export interface Described {
  readonly started: SweepStarted;
  readonly state: SweepState;
  readonly stage: Fingerprint;
  /** The cell that the run is of; null for a shared stage. */
  readonly cell: CellRecord | null;
  /** The run of a stage. */
  readonly runOf: (stage: Fingerprint) => RunKey;
  /** Folder of a stage's artifact. */
  readonly artifactFolder: (stage: Fingerprint) => string;
}

/** Puts into an update what is known of its run before the run begins: tags, params, data sets. */
export function describeRun(update: RunUpdate, described: Described): void {
  const { started, state, stage, cell, runOf, artifactFolder } = described;
  const { record } = state.stages.get(stage)!;
  const tags = cell === null ? stageTags(started, record) : cellTags(started, cell, record);
  for (const [name, value] of tags) update.tags.set(name, value);
  for (const [path, input] of upstreamOf(state.stages, stage)) {
    update.tags.set(`r4ec.input.${path}`, input.fingerprint);
    update.links.set(`r4ec.input.${path}.run`, runOf(input.fingerprint));
  }
  const params = cell === null ? flatSettings(record.params) : cell.settings;
  for (const [path, value] of Object.entries(params)) {
    update.params.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
  update.datasets.splice(0, Infinity, ...datasetsOf(state.stages, stage, artifactFolder));
}
