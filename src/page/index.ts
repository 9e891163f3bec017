export { figureFiles, reportFiles, reportOf } from "./report.js";
