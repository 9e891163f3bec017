export type { Account, StageCost } from "./forecast.js";
export { Forecast } from "./forecast.js";
export { learnFrom } from "./history.js";
export { Learned } from "./learned.js";
export type { Capacity } from "./schedule.js";
export { wallHours } from "./wall.js";
export { SteadyTime } from "./steady.js";
export { longestFirst } from "./longest-first.js";
