import path from "node:path";
import type { GatherTask, GatheredFiles } from "../../../src/contract/supply.js";
import type { PipHints } from "./pip-download.js";
import type { WantedWheel } from "./wheel.js";
import { openWheel } from "./wheel.js";

/** A wheel for a pack, fetched where it is not there, under the name by which stages find it. */
export async function carriedWheel(
  wheel: WantedWheel,
  { downloads, signal }: GatherTask,
  hints: PipHints,
): Promise<GatheredFiles["files"]> {
  const abort = signal ?? new AbortController().signal;
  const stop = { draining: false, onDrain: () => undefined, abort };
  const { file } = await openWheel(wheel, downloads, stop, hints);
  return { [path.basename(file)]: file };
}
