import type { Side } from "../../base/artifacts/knowledge.js";
import type { Reasons } from "../../base/chat/coverage.js";
import { reasonsText } from "../../base/chat/coverage.js";
import type { InferTask } from "./engines/engine.js";

/**
 * How many of `count` on one side have a text, and why the others have none: what comparisons say.
 * Warns where these are too few.
 */
export function coverageText(
  task: InferTask,
  side: Side,
  texts: number,
  count: number,
  reasons: Reasons,
): string {
  const said = `${texts} of ${count} ${side} asked about have a text (${reasonsText(reasons)})`;
  const { coverage } = task.execution;
  if (coverage === undefined || texts >= coverage * count) return said;
  const warning = `WARNING: ${said}, less than knowledge.coverage ${coverage}`;
  task.emit({ type: "note", severity: "warning", message: `${task.label}: ${warning}` });
  return warning;
}
