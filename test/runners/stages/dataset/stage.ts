import type { JsonObject } from "../../../../src/base/json.js";
import { datasetRunner } from "../../../../runners/stages/dataset/runner.js";
import { datasetStage } from "../../../../runners/stages/dataset/stage.js";
import { runStage, type StageOutcome as Outcome } from "../../../support/stage.js";

export { newFolder, removeFolders } from "../../../support/stage.js";

/** How a stage ended, what it said on the way, and where its output lies. */
export interface StageOutcome extends Outcome {
  readonly notes: readonly string[];
}

/** Prepares the data set of some settings through its runner, as a worker would. */
export async function prepare(dataset: JsonObject | string, folder = "/"): Promise<StageOutcome> {
  const { params, files, execution } = datasetStage({ dataset }, { folder });
  const outcome = await runStage({
    runner: datasetRunner,
    params,
    execution,
    files: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.path])),
  });
  if (outcome.thrown !== undefined) throw outcome.thrown;
  const notes = outcome.events.flatMap((event) => (event.type === "note" ? [event.message] : []));
  return { ...outcome, notes };
}
