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
export type { ExperimentSpec } from "./experiment.generated.js";
export { flatSettings } from "./dotted.js";
export { loadSpec } from "./load.js";
export { renderDiagnostic } from "./render.js";
