import { distance } from "fastest-levenshtein";
import type { Argv } from "yargs";
import yargs from "yargs";
import { commandsOf } from "./commands/index.js";
import { colours, guardOutput } from "./base/terminal.js";
import { ExitCode, UserError } from "./base/exit.js";
import { engineOf } from "./commands/engine.js";
import type { GlobalArguments } from "./commands/experiment.js";
import type { ListedCommand } from "./contract/engine.js";
import type { ProgramParts } from "./contract/science.js";
import { packageVersion } from "./base/package.js";
import { isDiskError } from "./base/errno.js";

/** Runs the command line and ends the process with its exit status. */
export async function runProgram(args: readonly string[], parts: ProgramParts): Promise<void> {
  // A reader that has seen enough (`r4ec plan | head`) or a terminal that is gone is no error.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  guardOutput();
  const code = await runCommand(args, parts).catch(report);
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(code);
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write("", () => resolve()));

async function runCommand(args: readonly string[], parts: ProgramParts): Promise<number> {
  const commands = commandsOf(parts);
  refuseUnknown(args, commands);
  let given: GlobalArguments = {};
  const options = yargs(args as string[])
    .scriptName("r4ec")
    .usage(`$0 COMMAND\n\n${parts.science.about}`)
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
    .completion("completion", "print a script for shell completion")
    .wrap(Math.min(100, process.stdout.columns || 100))
    .parserConfiguration({ "duplicate-arguments-array": true })
    .strict()
    .exitProcess(false)
    .locale("en")
    // Runs before the command: the science's commands ask for an engine under these options.
    .middleware((all) => void (given = all));
  const engine = () => engineOf(given, parts.science);
  let program: Argv = options;
  for (const command of commands) program = command.addTo(program, engine);
  program = program
    .demandCommand(1, "name a command; r4ec --help lists them")
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== "YError") throw error;
      const said = message ?? error?.message ?? "the call is wrong";
      throw new UserError(callText(said, args, commands), {
        exitCode: ExitCode.usage,
        hint: `r4ec ${args[0] ?? "COMMAND"} --help shows what it takes`,
      });
    });
  process.exitCode = ExitCode.done;
  await program.parseAsync();
  return Number(process.exitCode);
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

/** A first word that is no command, with what was probably meant. */
function refuseUnknown(args: readonly string[], commands: readonly ListedCommand[]): void {
  const word = args[0];
  const names = ["completion", ...commands.flatMap((command) => command.usages)].map(
    (usage) => usage.split(" ")[0]!,
  );
  if (word === undefined || word.startsWith("-") || names.includes(word)) return;
  const near = names.filter((name) => distance(name, word) <= Math.max(1, word.length / 3));
  near.sort((a, b) => distance(a, word) - distance(b, word));
  const hint = near.length === 0 ? "r4ec --help lists them" : `did you mean ${near[0]}?`;
  throw new UserError(`there is no command ${word}; ${hint}`);
}

/** Says what went wrong, once, and gives the exit status. */
function report(error: unknown): number {
  const paint = colours(process.stderr);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (error instanceof UserError) {
    if (error.message !== "") say(`${paint.red("error:")} ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return error.exitCode;
  }
  if (isDiskError(error)) {
    say(`${paint.red("error:")} ${error.message}`);
    say("  the cause is the disk or its permissions; no finished stage is lost");
    return ExitCode.environment;
  }
  say(`${paint.red("error:")} this is a bug in r4ec:`);
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return ExitCode.bug;
}
