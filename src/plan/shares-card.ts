import type { PlannedStage } from "./plan.js";

/**
 * Whether a stage takes a part of a card. The cells' own stages are many and small: as many share a
 * card as the spec says, whatever part of a card the runner asks for.
 */
export function sharesCard({ cells, runner, record, execution }: PlannedStage): boolean {
  const { gpus } = runner.resources(record.params, execution);
  return cells.length > 0 && gpus > 0 && gpus <= 1;
}
