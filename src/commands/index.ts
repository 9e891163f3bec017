import type { CommandModule } from "yargs";
import type { ProgramParts } from "../contract/science.js";
import { compareCommand } from "./compare.js";
import { doctorCommand } from "./doctor.js";
import { scienceCommand } from "./engine.js";
import { explainCommand } from "./explain.js";
import { gcCommand } from "./gc.js";
import { initCommand } from "./init.js";
import { mlflowCommand } from "./mlflow.js";
import { planCommand } from "./plan.js";
import { quickstartCommand } from "./quickstart.js";
import { resumeCommand } from "./resume.js";
import { schemaCommand } from "./schema.js";
import { setupCommand } from "./setup.js";
import { statusCommand } from "./status.js";
import { stopCommand } from "./stop.js";
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
    statusCommand(science),
    stopCommand(science),
    resumeCommand(science, scienceModule),
    compareCommand(science),
    explainCommand(science),
    ...science.commands.map((command) => scienceCommand(command, science)),
    syncCommand(science),
    mlflowCommand(),
    gcCommand(),
    schemaCommand(science),
    setupCommand(science),
    doctorCommand(science),
  ] as readonly CommandModule[];
