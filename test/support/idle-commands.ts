import type { Argv } from "yargs";
import { science } from "../../runners/registry.js";
import { commandLine } from "../../src/command-line.js";
import { commandsOf } from "../../src/commands/index.js";
import type { ListedCommand } from "../../src/contract/engine.js";

type AddCommand = (...parts: unknown[]) => Argv;

/** Every command of the real command line, with nothing behind it. */
export const idleCommands: readonly ListedCommand[] = commandsOf({
  science,
  scienceModule: "",
}).map((listed) => ({
  ...listed,
  addTo: (yargs, engine) => {
    const add = yargs.command.bind(yargs) as AddCommand;
    const handler = (): void => undefined;
    const command: AddCommand = (...parts) =>
      parts.length === 1
        ? add({ ...(parts[0] as object), handler })
        : add(...parts.slice(0, 3), handler);
    Object.assign(yargs, { command });
    listed.addTo(yargs, engine);
    return Object.assign(yargs, { command: add });
  },
}));

const surroundings = { options: () => undefined, engine: () => Promise.reject(new Error("idle")) };

/** Parses a call as the real command line does, and runs nothing. Rejects with its message. */
export async function parseCall(words: readonly string[]): Promise<void> {
  await commandLine(words, science.about, idleCommands, surroundings).parseAsync();
}

/** The help of a command, or of the program where `words` is empty. */
export async function helpOf(words: readonly string[]): Promise<string> {
  const program = commandLine(words, science.about, idleCommands, surroundings);
  let shown = "";
  await program.parseAsync(
    [...words, "--help"],
    {},
    (_error: unknown, _argv: unknown, text: string) => {
      shown = text;
    },
  );
  return shown;
}
