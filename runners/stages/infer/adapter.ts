import type { InferTask } from "./engines/engine.js";

/** Folder of the stage's adapter, or null where the base model answers. */
export const adapterFolder = (task: InferTask): string | null => task.inputs["adapter"] ?? null;
