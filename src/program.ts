import { distance } from "fastest-levenshtein";
import { commandLine } from "./command-line.js";
import { commandsOf } from "./commands/index.js";
import { colours, guardOutput } from "./base/terminal.js";
import { ExitCode, UserError } from "./base/exit.js";
import { forShell } from "./commands/completion.js";
import { engineOf } from "./commands/engine.js";
import type { GlobalArguments } from "./commands/experiment.js";
import type { ListedCommand } from "./contract/engine.js";
import type { ProgramParts } from "./contract/science.js";
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
  const program = commandLine(forShell(args), parts.science.about, commands, {
    // The science's commands ask for an engine under these options.
    options: (all) => void (given = all),
    engine: () => engineOf(given, parts.science),
  });
  process.exitCode = ExitCode.done;
  await program.parseAsync();
  return Number(process.exitCode);
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
