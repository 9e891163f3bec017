import type { Runner } from "../../src/runner.js";

export { teacherFragment } from "./schema.js";
export { teachStages, templateHashes, type TeachSettings } from "./stages.js";

// The work is the endpoint's: a slot is held only so that two teachers do not share one rate limit.
const resources = () => ({ cpus: 1, gpus: 0 });

/** teach-think and teach-review. */
export const teachRunners: readonly Runner[] = [
  {
    name: "teach-think",
    version: 1,
    toolchain: [],
    resources,
    load: async () => (await import("./think.js")).program,
  },
  {
    name: "teach-review",
    version: 1,
    toolchain: [],
    resources,
    load: async () => (await import("./review.js")).program,
  },
];
