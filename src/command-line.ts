import type { Argv } from "yargs";
import yargs from "yargs";
import { ExitCode, UserError } from "./base/exit.js";
import { packageVersion } from "./base/package.js";
import type { GlobalArguments } from "./commands/experiment.js";
import type { Engine, ListedCommand } from "./contract/engine.js";

/** What a command line does beside the commands' own work. */
interface Surroundings {
  /** Gets the options of a call before its command runs. */
  options(all: GlobalArguments): void;
  /** Asked for by commands that need one, under the options of the call. */
  engine(): Promise<Engine>;
}

/**
 * The command line of a call: its options, its commands and what it says of mistakes, as `UserError`s.
 * Nothing runs before it is parsed.
 */
export function commandLine(
  args: readonly string[],
  about: string,
  commands: readonly ListedCommand[],
  { options, engine }: Surroundings,
): Argv {
  let program: Argv = yargs(args as string[])
    .scriptName("r4ec")
    .usage(`$0 COMMAND\n\n${about}`)
    .option("store", {
      type: "string",
      global: true,
      describe: "folder of artifacts and journals (R4EC_STORE)",
    })
    .option("toolchain", {
      type: "string",
      global: true,
      describe: "folder of TensorFlow and Python environments (R4EC_TOOLCHAIN)",
    })
    .option("mlflow-uri", {
      type: "string",
      global: true,
      describe: "address of an MLflow server, or off (R4EC_MLFLOW_URI)",
    })
    .option("gpus", {
      type: "string",
      global: true,
      describe: "auto, none, or numbers such as 0,1 (R4EC_GPUS)",
    })
    .option("offline", {
      type: "boolean",
      global: true,
      describe: "use nothing from the network that is not there yet (R4EC_OFFLINE)",
    })
    .version(packageVersion())
    .help()
    .completion(
      "completion",
      "print a script for shell completion; completion bash, completion zsh",
    )
    .wrap(Math.min(100, process.stdout.columns || 100))
    .parserConfiguration({ "duplicate-arguments-array": true })
    .strict()
    .exitProcess(false)
    .locale("en")
    .middleware(options);
  for (const command of commands) program = command.addTo(program, engine);
  return program
    .demandCommand(1, "name a command; r4ec --help lists them")
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== "YError") throw error;
      const said = message ?? error?.message ?? "the call is wrong";
      throw new UserError(callText(said, args, commands), {
        exitCode: ExitCode.usage,
        hint: `r4ec ${args[0] ?? "COMMAND"} --help shows what it takes`,
      });
    });
}

/** yargs's messages in the words of a command line. */
function callText(
  message: string,
  args: readonly string[],
  commands: readonly ListedCommand[],
): string {
  const missing = /^Not enough non-option arguments: got (\d+)/.exec(message);
  if (missing !== null) return missingText(Number(missing[1]), args, commands);
  return message
    .replace(/^Unknown arguments?: (.*)$/, (_, names: string) => {
      const given = names.split(", ").map((name) => (/^[a-z-]+$/.test(name) ? `--${name}` : name));
      return `unknown: ${[...new Set(given)].join(", ")}`;
    })
    .replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/** Which argument a call lacks after the `given` ones, and which option took it where one did. */
function missingText(
  given: number,
  args: readonly string[],
  commands: readonly ListedCommand[],
): string {
  const usages = commands.flatMap((command) => command.usages);
  const usage = usages.find((each) => each.split(" ")[0] === args[0]) ?? "";
  const name = [...usage.matchAll(/<(\w+)(?:\.\.)?>/g)][given]?.[1]?.toUpperCase() ?? "an argument";
  const option = args.findLastIndex((word) => word.startsWith("--"));
  // An option that takes several values also takes the words that were meant as arguments.
  return option > 0 && args.length - option > 2
    ? `${name} is missing: ${args[option]} took all words after it as its values, so give ${name} before ${args[option]}`
    : `${name} is missing`;
}
