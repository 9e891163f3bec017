export type {
  Axis,
  CardWish,
  Cell,
  Compare,
  Experiment,
  FlatSettings,
  Select,
  SpecResources,
  SpecTracking,
} from "./experiment.js";
export { flatSettings } from "./dotted.js";
export { loadSpec } from "./load.js";
export { resourcesOf, selectOf, trackingOf } from "./resolved.js";
export { renderDiagnostic } from "./render.js";
