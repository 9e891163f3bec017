import os from "node:os";
import type { SweepStarted } from "../journal/events.js";
import type { CellRecord, StageRecord } from "../contract/records.js";
import { TAG } from "./update.js";

type Tags = [string, string][];

/** Tags that tell which code and which spec a run came from. */
function originTags(started: SweepStarted): Tags {
  const tags: Tags = [
    ["r4ec.experiment", started.experiment],
    ["r4ec.code_version", started.codeVersion],
    ["r4ec.host", started.host],
    ["mlflow.source.name", started.specFile],
    ["mlflow.source.type", "LOCAL"],
    ["mlflow.user", userName()],
  ];
  if (started.gitCommit !== null) {
    tags.push(["r4ec.git_commit", started.gitCommit]);
    tags.push(["mlflow.source.git.commit", started.gitCommit]);
  }
  return tags;
}

/** Tags of a sweep's run. */
export const sweepTags = (started: SweepStarted): Tags => [
  ...originTags(started),
  ["r4ec.spec_file", started.specFile],
  ["r4ec.cells", String(started.cells.length)],
  ["r4ec.stages", String(started.stages.length)],
];

/** Tags of a cell's run. */
export const cellTags = (started: SweepStarted, cell: CellRecord, stage: StageRecord): Tags => [
  ...originTags(started),
  [TAG.cell, cell.id],
  [TAG.fingerprint, cell.stage],
  ["r4ec.runner", `${stage.runner} ${stage.version}`],
];

/** Tags of a shared stage's run. */
export const stageTags = (started: SweepStarted, stage: StageRecord): Tags => [
  ...originTags(started),
  [TAG.fingerprint, stage.fingerprint],
  ["r4ec.runner", `${stage.runner} ${stage.version}`],
];

// An account without a name (a container's bare uid) is no reason to fail.
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return "unknown";
  }
}
