import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import type { ArtifactSource } from "./artifacts.js";
import type { Names } from "../contract/records.js";
import type { SweepStarted } from "../journal/events.js";
import type { DatasetInput } from "./answers.js";
import type { ArtifactChoice } from "../config/config.js";
import type { RunStatus } from "./run-status.js";
import type { Metric } from "./values.js";
import { LIMITS } from "./values.js";

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
  errorKind: "r4ec.error_kind",
  skipped: "r4ec.skipped",
  /** The name of the mark follows. */
  mark: "r4ec.mark.",
} as const;

/** The tag that MLflow shows as the description of a run, and reads as Markdown. */
export const NOTE = "mlflow.note.content";

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

/** A run's name: a cell and a stage are called as in every other view. */
export function runName(key: RunKey, { experiment, sweep }: SweepStarted, names: Names): string {
  if (key === "sweep") return `${experiment} ${sweep}`;
  const id = key.slice(key.indexOf(":") + 1);
  if (key.startsWith("stage:")) return names.stage(id as Fingerprint);
  const name = names.cell(id as CellId);
  // A name that MLflow would cut off keeps its end, which tells it from others.
  return name.length <= LIMITS.key ? name : `${name.slice(0, LIMITS.key - id.length - 1)} ${id}`;
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
  readonly stage: Fingerprint;
  /** The artifact's; absolute. */
  readonly folder: string;
  /** Those that go to MLflow; the others stay in the store and are listed in the run. */
  readonly choice: ArtifactChoice;
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

/** Sentences that lead to MLflow's pages, as Markdown. */
export interface PageLinks {
  /** To the cells of the sweep. */
  readonly cells: string;
  /** To the stages of the sweep that paid. */
  readonly paid: string;
}

/** The whole update of a run, gathered from some entries of the journal. */
export interface RunUpdate {
  readonly key: RunKey;
  readonly name: string;
  readonly startTime: number;
  /** The tags that tell the run's identity, given when it is created. */
  readonly identity: ReadonlyMap<string, string>;
  /** Null: the tag goes. */
  readonly tags: Map<string, string | null>;
  /** Tags that lead to pages of MLflow, whose addresses are known where the run is. */
  readonly located: Map<string, (links: PageLinks) => string>;
  /** Tags of the experiment that the run is in. */
  readonly experimentTags: Map<string, string>;
  /** Tags that name other runs, by what those stand for. */
  readonly links: Map<string, RunKey>;
  readonly params: Map<string, string>;
  /** Points of curves. */
  readonly metrics: Metric[];
  results: StageResults | null;
  /**
   * Metrics of an earlier result that no longer hold, with the time of that (milliseconds since
   * 1970). MLflow cannot delete a metric: its last value becomes NaN.
   */
  readonly gone: Map<string, number>;
  readonly datasets: DatasetInput[];
  readonly artifacts: ArtifactSource[];
  files: StageFiles | null;
  status: { readonly status: RunStatus; readonly endTime: number | null } | null;
  /**
   * True: the run is told nothing where it is FINISHED already. So a shared stage that was found in
   * the store leaves the run alone that another sweep made.
   */
  onlyUnfinished: boolean;
}
