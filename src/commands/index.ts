import type { CommandModule } from "yargs";
import type { ProgramParts } from "../program.js";
import { compareCommand } from "./compare.js";
import { doctorCommand } from "./doctor.js";
import { initCommand } from "./init.js";
import { mlflowCommand } from "./mlflow.js";
import { planCommand } from "./plan.js";
import { quickstartCommand } from "./quickstart.js";
import { schemaCommand } from "./schema.js";
import { setupCommand } from "./setup.js";
import { sweepCommand } from "./sweep.js";
import { syncCommand } from "./sync.js";
import { validateCommand } from "./validate.js";

/** All commands in the order of the help. */
export const commandsOf = ({ science, scienceModule }: ProgramParts): readonly CommandModule[] =>
  [
    quickstartCommand(science, scienceModule),
    initCommand(science),
    validateCommand(science),
    planCommand(science),
    sweepCommand(science, scienceModule),
    compareCommand(science),
    ...science.commands,
    syncCommand(science),
    mlflowCommand(),
    schemaCommand(science),
    setupCommand(),
    doctorCommand(),
  ] as readonly CommandModule[];
