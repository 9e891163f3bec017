import type { StageTask } from "../../../src/contract/runner.js";

/** Folder of the stage's adapter, or null where the base model answers. */
export const adapterFolder = (task: StageTask): string | null => task.inputs["adapter"] ?? null;
