import { canonicalJson } from "../../../../src/base/json.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import type { Columns } from "../data/columns.js";
import type { Device } from "../device.js";
import type { CtrExecution, CtrParams } from "../settings.js";
import type { Companion } from "./companion.js";
import type { EpochTrainer } from "./epoch.js";

/** What a group trains with. */
export interface Equipment {
  readonly columns: Columns;
  readonly companion: Companion;
  readonly trainer: EpochTrainer;
}

/** How long it is kept for the next call, in milliseconds: a sweep's next cell comes at once. */
const KEPT_MILLISECONDS = 3000;

interface Spare extends Equipment {
  readonly key: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * The equipment of the last cell that this process trained, where another can go on with it: recording the
 * operations and having TensorFlow prepare its graph takes 1 to 2 s of a core, as long as many cells train.
 */
let spare: Spare | null = null;

/**
 * What cells must have in common so that one can train with another's equipment and get the same bits as
 * with its own; null where none can. On a card the next call is rarely alike, and needs the memory.
 */
export function spareKey(
  device: Device,
  tasks: readonly StageTask<CtrParams, CtrExecution>[],
): string | null {
  const [task, ...others] = tasks;
  if (device.kind !== "cpu" || task === undefined || others.length > 0) return null;
  // The noise of dropout has its seed in the graph; else seeds decide the first values and the orders alone.
  const free = task.params.dropout > 0 ? ["patience"] : ["patience", "seed"];
  const params = Object.fromEntries(
    Object.entries(task.params).filter(([name]) => !free.includes(name)),
  );
  const { inputs, files, execution } = task;
  return canonicalJson({ params, inputs, files, execution });
}

/** Takes the spare equipment out, if its key is this one; any other is given up. */
export async function takeSpare(key: string | null): Promise<Equipment | null> {
  const found = spare;
  spare = null;
  if (found === null) return null;
  clearTimeout(found.timer);
  if (found.key === key) return found;
  await giveUp(found);
  return null;
}

/** Keeps equipment that is whole for the next call. What was kept before must have been taken. */
export function keepSpare(key: string, equipment: Equipment): void {
  const timer = setTimeout(() => void takeSpare(null), KEPT_MILLISECONDS);
  spare = { ...equipment, key, timer };
}

/** Frees what equipment holds. */
export async function giveUp({
  columns,
  companion,
  trainer,
}: Pick<Equipment, "columns" | "companion"> & {
  readonly trainer: EpochTrainer | null;
}): Promise<void> {
  trainer?.dispose();
  columns.dispose();
  await companion.close();
}
