export * from "./answers.js";
export * from "./guides.js";
export * from "./histories.js";
export * from "./prompts.js";
export * from "./raters.js";
export * from "./templates.js";
