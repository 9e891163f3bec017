import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";

/** Names the folder of texts and vectors that stages share; workers get it from the engine. */
export const CACHE_VARIABLE = "R4EC_TEXT_CACHE";

/**
 * Where a stage keeps answers and vectors as they come. In the store, where a stage that asks the
 * same of the same model finds them (a few users more, one iteration more); else with the stage.
 */
export const cacheFolder = (task: StageTask): string =>
  process.env[CACHE_VARIABLE] || path.join(task.work, "cache");
