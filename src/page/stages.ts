import type { StageState, SweepState } from "../journal/index.js";
import type { Html } from "./html.js";
import { tableOf } from "./html.js";

/** Statuses of stages whose artifact is there. */
const READY: ReadonlySet<string> = new Set(["done", "cached"]);

/** Stages by kind: how many, what became of them, and how long they took. */
export function stagesTable(state: SweepState): Html {
  const kinds = new Map<string, StageState[]>();
  for (const stage of state.stages.values()) {
    const kind = stage.record.runner;
    kinds.set(kind, [...(kinds.get(kind) ?? []), stage]);
  }
  const rows = [...kinds].map(([kind, stages]) => {
    const count = (wanted: (stage: StageState) => boolean): string =>
      String(stages.filter(wanted).length);
    const seconds = stages.reduce(
      (sum, stage) => sum + stage.seconds / Math.max(1, stage.fusedWith),
      0,
    );
    return [
      kind,
      String(stages.length),
      count(({ status }) => status === "done"),
      count(({ status }) => status === "cached"),
      count(({ status }) => !READY.has(status)),
      seconds === 0 ? "-" : seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0),
    ];
  });
  const head = ["kind", "stages", "made", "cached", "not there", "seconds"];
  return tableOf("Stages by kind", head, rows);
}
