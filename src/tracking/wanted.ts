import type { DatasetInput, Run } from "./answers.js";
import type { ArtifactSource } from "./artifacts.js";
import { batchOf } from "./batch.js";
import { curvesOf, filesOf, findArtifact } from "./files.js";
import type { Store } from "../store/index.js";
import type { RunKey, RunUpdate } from "./update.js";
import type { Batch } from "./values.js";
import { cleanKey } from "./values.js";

/** All that a run is to have after an update, in MLflow's terms. */
export interface Wanted {
  readonly batch: Batch;
  /** Keys of tags that it must not have. */
  readonly goneTags: readonly string[];
  readonly datasets: readonly DatasetInput[];
  /** Each path once. */
  readonly files: readonly ArtifactSource[];
  readonly status: RunUpdate["status"];
}

/**
 * What an update comes to for a run. Files of artifacts are checked before they are sent on; what is
 * damaged is left out, and `damage` says so.
 *
 * @param run the run as MLflow has it before
 * @param runIds ids of the runs that tags link to
 */
export async function wantedOf(
  update: RunUpdate,
  run: Run,
  runIds: ReadonlyMap<RunKey, string>,
  store: Store,
): Promise<{ readonly wanted: Wanted; readonly damage: string | null }> {
  const sources: ArtifactSource[] = [...update.artifacts];
  const found = update.files === null ? null : await findArtifact(store, update.files.stage);
  const damaged = found?.state === "damaged";
  const curves =
    update.files?.curves == null || damaged
      ? []
      : await curvesOf(update.files.folder, update.files.curves.timestamp);
  const batch = batchOf(update, run, runIds, sources, curves);
  if (update.files !== null && found !== null && !damaged) {
    sources.push(...(await filesOf(update.files, found)));
  }
  // Written again, the last one counts.
  const files = new Map(sources.map((source) => [source.path, source]));
  const goneTags = [...update.tags].flatMap(([key, value]) =>
    value === null ? [cleanKey(key)] : [],
  );
  return {
    wanted: {
      batch,
      goneTags,
      datasets: update.datasets,
      files: [...files.values()],
      status: update.status,
    },
    damage: damaged ? `${found.reason}; none of its files were sent` : null,
  };
}
