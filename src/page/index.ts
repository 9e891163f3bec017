export type { ReportSubject } from "./content.js";
export { figureFiles, reportFiles, reportOf } from "./report.js";
