import type { CommandModule } from "yargs";
import type { ProgramParts } from "../program.js";
import { planCommand } from "./plan.js";
import { sweepCommand } from "./sweep.js";

/** All commands in the order of the help. */
export const commandsOf = ({ science, scienceModule }: ProgramParts): readonly CommandModule[] =>
  [
    planCommand(science),
    sweepCommand(science, scienceModule),
    ...science.commands,
  ] as readonly CommandModule[];
