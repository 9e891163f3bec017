export type {
  Axis,
  CardWish,
  Cell,
  Compare,
  Experiment,
  Select,
  SpecResources,
  SpecTracking,
} from "./experiment.js";
export type { FlatSettings } from "../contract/statistics.js";
export { flatSettings, nestedSettings } from "./dotted.js";
export { rebased } from "./rebase.js";
export type { Surroundings } from "./compose.js";
export { loadSpec } from "./load.js";
export type { JobSettings, SpecCluster } from "./cluster.js";
export type { SpecFailures } from "./failures.js";
export { resourcesOf, selectOf, trackingOf } from "./resolved.js";
export { renderDiagnostic } from "./render.js";
export { kindsOfCells } from "./check.js";
