export { axesOf } from "./axes.js";
export { cellNames, stageNames, valueText } from "./names.js";
export { varyingPaths } from "./varying.js";
