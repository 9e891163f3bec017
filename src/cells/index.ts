export type { NamePath } from "./axes.js";
export { axesOf, isOf, namePaths } from "./axes.js";
export type { Labels } from "./labels.js";
export { labelsOf, settingsText, valueText } from "./labels.js";
export { namesOf } from "./names.js";
export { originOf, planOfSweep } from "./plan.js";
export { SEED, varyingPaths } from "./telling.js";
