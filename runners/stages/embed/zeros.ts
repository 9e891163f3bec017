import { UserError } from "../../../src/base/exit.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { isZeros } from "../../base/artifacts/rows.js";
import type { EmbedParams } from "./engines/engine.js";
import type { VectorLog } from "./vector-log.js";

/**
 * Warns where a model gave zeros for texts: a vector of zeros says "no text". Throws a UserError where it
 * gave nothing else.
 */
export function warnOfZeros(
  task: StageTask<EmbedParams>,
  texts: ReadonlyMap<string, string>,
  log: VectorLog,
): void {
  const zeros = [...texts.keys()].filter((key) => isZeros(log.get(key)!));
  if (zeros.length === 0) return;
  if (zeros.length === texts.size) throw new UserError("the model gave zeros alone for every text");
  const message = `the model gave zeros alone for ${zeros.length} of ${texts.size} texts, as if they were none`;
  task.emit({ type: "note", severity: "warning", message });
}
