export { datasetRunner } from "./runner.js";
export { datasetFragment } from "./schema.js";
export { checkDataset, expandDataset, ignoredDataset } from "./settings.js";
export { datasetStage } from "./stage.js";
export { userSplitOf } from "./split.js";
