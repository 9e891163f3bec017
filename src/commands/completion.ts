import { UserError } from "../base/exit.js";

const SHELLS: readonly string[] = ["bash", "zsh"];

/**
 * The words of a call without the shell that `completion` names, which yargs takes from the
 * environment: sets it there.
 */
export function forShell(args: readonly string[], environment = process.env): readonly string[] {
  const [command, shell, ...more] = args;
  if (command !== "completion" || shell === undefined || shell.startsWith("-")) return args;
  if (!SHELLS.includes(shell) || more.length > 0) {
    throw new UserError(`completion is there for ${SHELLS.join(" and ")}: r4ec completion bash`);
  }
  environment["SHELL"] = `/bin/${shell}`;
  delete environment["ZSH_NAME"];
  return [command];
}
