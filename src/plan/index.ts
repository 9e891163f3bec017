export type { Plan, PlannedStage } from "./plan.js";
export { makePlan } from "./plan.js";
export type { Difference, Explanation } from "./explain.js";
export { explainStages } from "./explain.js";
export { FileHashes } from "./files.js";
export type { StagePresence } from "./presence.js";
export { narrowPlan, stagesNeeded } from "./narrow.js";
export { lookAtStages } from "./presence.js";
export { parseSelector } from "./selector.js";
