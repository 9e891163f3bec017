export { axesOf } from "./axes.js";
export { cellNames, stageNames, valueText } from "./names.js";
export { tellingPaths } from "./telling.js";
export { varyingPaths } from "./varying.js";
