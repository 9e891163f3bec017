import { UserError } from "../base/exit.js";

const SHELLS: readonly string[] = ["bash", "zsh"];

/** The first word of a call by which a shell asks what may stand at a place. */
const ASKED = "--get-yargs-completions";

/**
 * The words of a call without the shell that `completion` names, which yargs takes from the
 * environment: sets it there. So it does where a shell asks for completions: `SHELL` is the shell that a user
 * logs in with, and not always the one that asks.
 */
export function forShell(args: readonly string[], environment = process.env): readonly string[] {
  const [command, shell, ...more] = args;
  // Only yargs's script for zsh passes the line on.
  if (command === ASKED) name(environment["COMP_LINE"] === undefined ? "bash" : "zsh", environment);
  if (command !== "completion" || shell === undefined || shell.startsWith("-")) return args;
  if (!SHELLS.includes(shell) || more.length > 0) {
    throw new UserError(`completion is there for ${SHELLS.join(" and ")}: r4ec completion bash`);
  }
  name(shell, environment);
  return [command];
}

function name(shell: string, environment: NodeJS.ProcessEnv): void {
  environment["SHELL"] = `/bin/${shell}`;
  delete environment["ZSH_NAME"];
}
