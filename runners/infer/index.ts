import type { CommandModule } from "yargs";
import type { Runner } from "../../src/runner.js";

/** Stages that run the fine-tuned models. */
export const inferRunners: readonly Runner[] = [];

/** Commands about what the models wrote. */
export const inferCommands: readonly CommandModule[] = [];
