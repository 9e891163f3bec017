import type { CommandModule } from "yargs";

/** `score` and `export`. */
export const ctrCommands: CommandModule[] = [];
