export type {
  Axis,
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
export { renderDiagnostic, renderDiagnostics } from "./render.js";
