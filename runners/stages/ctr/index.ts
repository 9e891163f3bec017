export { backboneFragment, ctrFragment } from "./schema.js";
export { checkCtr, ctrStage, ignoredCtr } from "./stage.js";
export { ctrRunner } from "./runner.js";
export { ctrCommands } from "./commands.js";
