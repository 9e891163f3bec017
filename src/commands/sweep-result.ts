import type { SweepOutcome } from "../execute/index.js";
import type { Names } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import type { Store } from "../store/index.js";
import type { Plan } from "../plan/index.js";
import type { Comparison } from "../report/index.js";
import type { Experiment } from "../spec/index.js";
import { colours } from "../base/terminal.js";
import { durationText } from "./numbers.js";

/** How a sweep went, for other programs. */
export function sweepAsJson(
  { outcome, state, seconds }: SweepOutcome,
  selected: Plan,
  names: Names,
): object {
  return {
    sweep: state.sweep,
    outcome,
    seconds,
    cells: selected.cells.map((cell) => {
      const stage = state.stages.get(cell.stage)!;
      return {
        id: cell.id,
        name: names.cell(cell.id),
        settings: cell.settings,
        stage: cell.stage,
        status: stage.status,
        metrics: stage.result?.metrics ?? null,
        marks: stage.result?.marks ?? null,
        error: stage.error,
      };
    }),
  };
}

/** How a sweep went, for people; and how its variants compare, where anything of it is there. */
export async function sweepAsText(
  { outcome, state, seconds }: SweepOutcome,
  selected: Plan,
  experiment: Experiment,
  science: Science,
  store: Store,
): Promise<{ readonly text: string; readonly comparison: Comparison | null }> {
  const counts = new Map<string, number>();
  for (const cell of selected.cells) {
    const { status } = state.stages.get(cell.stage)!;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const told = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  const parts = [`${experiment.name}: ${outcome} in ${durationText(seconds)} (${told})`];
  let comparison: Comparison | null = null;
  if (state.cells.some((cell) => state.stages.get(cell.stage)?.result != null)) {
    const { comparisonAsText, compareSweep, evidenceOf } = await import("../report/index.js");
    const { bold, dim } = colours(process.stdout);
    const width = process.stdout.columns || 120;
    comparison = compareSweep(state, {
      experiment,
      science,
      evidence: await evidenceOf([state], store, science),
    });
    parts.push("", comparisonAsText(comparison, { width, bold, dim }), "");
  }
  if (outcome === "interrupted") {
    parts.push(`to continue, run it again: r4ec sweep ${experiment.file}`);
  }
  return { text: parts.join("\n").trimEnd(), comparison };
}
