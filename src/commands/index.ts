import type { CommandModule } from "yargs";
import type { ProgramParts } from "../program.js";
import { doctorCommand } from "./doctor.js";
import { planCommand } from "./plan.js";
import { quickstartCommand } from "./quickstart.js";
import { schemaCommand } from "./schema.js";
import { setupCommand } from "./setup.js";
import { sweepCommand } from "./sweep.js";
import { validateCommand } from "./validate.js";

/** All commands in the order of the help. */
export const commandsOf = ({ science, scienceModule }: ProgramParts): readonly CommandModule[] =>
  [
    quickstartCommand(science, scienceModule),
    validateCommand(science),
    planCommand(science),
    sweepCommand(science, scienceModule),
    ...science.commands,
    schemaCommand(science),
    setupCommand(),
    doctorCommand(),
  ] as readonly CommandModule[];
