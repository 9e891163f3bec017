export { backboneFragment, ctrFragment, ctrPerGpu } from "./schema.js";
export { checkCtr, extendedCtr, ignoredCtr, isModule } from "./settings.js";
export { backboneStage } from "./stage.js";
export { ctrRunner } from "./runner.js";
export { ctrMetrics } from "./metric-names.js";
export { ctrCommands } from "./commands.js";
export { arraysRunner } from "./own-program/arrays/runner.js";
export { ownProgramRunner } from "./own-program/runner.js";
export { tryModules } from "./trial/try-modules.js";
