import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import type { ArtifactSource } from "./artifacts.js";
import type { DatasetInput, RunStatus } from "./client.js";
import type { Metric } from "./values.js";

/** What a run stands for: the sweep, one of its cells, or a stage that cells share. */
export type RunKey = "sweep" | `cell:${CellId}` | `stage:${Fingerprint}`;

/** The tags by which a run is found again, whatever happened to the process that made it. */
export const TAG = {
  kind: "r4ec.kind",
  sweep: "r4ec.sweep",
  cell: "r4ec.cell",
  stage: "r4ec.stage",
  fingerprint: "r4ec.fingerprint",
  cached: "r4ec.cached",
  error: "r4ec.error",
  skipped: "r4ec.skipped",
} as const;

/** The tags that tell which run it is. */
export function identityOf(key: RunKey, sweep: SweepId): ReadonlyMap<string, string> {
  const [kind, id] = key.split(":") as [string, string | undefined];
  const tags = new Map<string, string>([
    [TAG.kind, kind],
    [TAG.sweep, sweep],
  ]);
  if (id !== undefined) tags.set(kind === "cell" ? TAG.cell : TAG.stage, id);
  return tags;
}

/** The run that tags tell of; null for a run that is none of ours. */
export function keyOf(tags: ReadonlyMap<string, string>): RunKey | null {
  const kind = tags.get(TAG.kind);
  if (kind === "sweep") return "sweep";
  const cell = tags.get(TAG.cell);
  if (kind === "cell" && cell !== undefined) return `cell:${cell as CellId}`;
  const stage = tags.get(TAG.stage);
  if (kind === "stage" && stage !== undefined) return `stage:${stage as Fingerprint}`;
  return null;
}

/** The files of an artifact to store with a run. */
export interface StageFiles {
  /** Absolute. */
  readonly folder: string;
  /** Bytes in all; what goes beyond stays in the store and is named in the run. Null: no limit. */
  readonly limit: number | null;
  /** Curves that the journal does not hold (the stage was cached) are read from the artifact. */
  readonly curves: { readonly timestamp: number } | null;
}

/** What a stage came to. */
export interface StageResults {
  readonly values: { readonly [name: string]: number };
  readonly timestamp: number;
  /**
   * Names that are curves as well. Their result is logged as `result.<name>`: MLflow shows a
   * metric's last step, which is not the step that was picked.
   */
  readonly curves: ReadonlySet<string>;
}

/** All that a run has to be told, gathered over some entries of the journal. */
export interface RunUpdate {
  readonly key: RunKey;
  readonly name: string;
  readonly startTime: number;
  /** The tags that tell the run's identity, given when it is created. */
  readonly identity: ReadonlyMap<string, string>;
  /** Null: the tag goes. */
  readonly tags: Map<string, string | null>;
  /** Tags that name other runs, by what those stand for. */
  readonly links: Map<string, RunKey>;
  readonly params: Map<string, string>;
  /** Points of curves. */
  readonly metrics: Metric[];
  results: StageResults | null;
  readonly datasets: DatasetInput[];
  readonly artifacts: ArtifactSource[];
  files: StageFiles | null;
  status: { readonly status: RunStatus; readonly endTime: number | null } | null;
  /** True: nothing is to be told where the run is there and FINISHED (a stage's, of another sweep). */
  onlyUnfinished: boolean;
}
