import { readFile } from "node:fs/promises";
import path from "node:path";
import { writeDurable } from "../../../src/base/durable.js";
import type { StageTask } from "../../../src/contract/runner.js";

/**
 * A count as it was when the stage began for the first time, kept in its work folder. How much there
 * was to do is a result of the stage; how much of it was left after a kill is not.
 *
 * @param count as it is now; it counts only at the first attempt
 */
export async function atFirst(
  task: Pick<StageTask, "work">,
  name: string,
  count: number,
): Promise<number> {
  const file = path.join(task.work, `${name}.count`);
  const kept = await readFile(file, "utf8").catch(() => "");
  if (/^\d+\n$/u.test(kept)) return Number(kept);
  await writeDurable(file, `${count}\n`);
  return count;
}
