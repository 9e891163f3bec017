export type { EnsureToolchain } from "./toolchain-gate.js";
export type { SweepOutcome, SweepRequest } from "./sweep.js";
export { runSweep } from "./sweep.js";
export { workerEnvironment } from "./environment.js";
export { makeHere } from "./make-here.js";
export { gpusHere } from "./gpus.js";
export { missingCards } from "./missing-cards.js";
export { machineFor, openForecast } from "./open-forecast.js";
