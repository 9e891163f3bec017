import type { Argv, CommandModule } from "yargs";
import { type ListedCommand, withExamples } from "../contract/engine.js";
import type { ProgramParts } from "../contract/science.js";
import { compareCommand } from "./compare.js";
import { doctorCommand } from "./doctor.js";
import { examples } from "./examples.js";
import { explainCommand } from "./explain.js";
import { gcCommand } from "./gc.js";
import { initCommand } from "./init.js";
import { mlflowCommand } from "./mlflow.js";
import { planCommand } from "./plan.js";
import { quickstartCommand } from "./quickstart.js";
import { reproduceCommand } from "./reproduce.js";
import { resultsCommand } from "./results.js";
import { reportCommand } from "./report.js";
import { resumeCommand } from "./resume.js";
import { schemaCommand } from "./schema.js";
import { setupCommand } from "./setup.js";
import { statusCommand } from "./status.js";
import { stopCommand } from "./stop.js";
import { sweepCommand } from "./sweep.js";
import { syncCommand } from "./sync.js";
import { validateCommand } from "./validate.js";

/** A command of the engine as a member of a list of commands. */
function own<Arguments>(command: CommandModule<object, Arguments>): ListedCommand {
  const usages = [command.command ?? [], command.aliases ?? []].flat(2);
  const shown = examples[usages[0]!.split(" ")[0]!] ?? [];
  return {
    usages,
    examples: shown,
    addTo: (yargs) =>
      yargs.command({
        ...command,
        builder: (of: Argv<object>) =>
          withExamples(
            typeof command.builder === "function"
              ? (command.builder(of) as Argv<Arguments>)
              : (of as Argv<Arguments>),
            shown,
          ),
      }),
  };
}

/** All commands in the order of the help. */
export const commandsOf = ({ science, scienceModule }: ProgramParts): readonly ListedCommand[] => [
  own(quickstartCommand(science, scienceModule)),
  own(initCommand(science)),
  own(validateCommand(science)),
  own(planCommand(science)),
  own(sweepCommand(science, scienceModule)),
  own(statusCommand(science)),
  own(stopCommand(science)),
  own(resumeCommand(science, scienceModule)),
  own(compareCommand(science)),
  own(resultsCommand(science)),
  own(reportCommand(science)),
  own(explainCommand(science)),
  own(reproduceCommand(science)),
  ...science.commands,
  own(syncCommand(science)),
  own(mlflowCommand()),
  own(gcCommand()),
  own(schemaCommand(science)),
  own(setupCommand(science)),
  own(doctorCommand(science)),
];
