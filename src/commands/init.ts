import { open } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { usualAnswers } from "../contract/starter.js";
import { openFolder } from "../base/folder.js";

interface Arguments {
  readonly file: string;
  readonly yes: boolean;
}

const schemaFile = fileURLToPath(
  new URL("../../../schemas/experiment.schema.json", import.meta.url),
);

/** `r4ec init [FILE]`: asks on a terminal and writes a commented spec; never overwrites. */
export const initCommand = ({ starter }: Science): CommandModule<object, Arguments> => ({
  command: "init [file]",
  describe: "Write a commented spec to start from; on a terminal, ask what it is to be about",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        default: "experiment.yaml",
        describe: "Where to write it",
      })
      .option("yes", {
        type: "boolean",
        alias: "y",
        default: false,
        describe: "ask nothing and take what each question offers first",
      }),
  async handler({ file, yes }) {
    if (existsSync(file)) throw thereAlready(file);
    const folder = dirname(file);
    const questions = starter.questions({ folder: resolve(folder) }, process.cwd());
    const answers =
      yes || !onTerminal()
        ? usualAnswers(questions)
        : await (await import("./ask.js")).ask(questions);
    if (answers === null) {
      process.exitCode = ExitCode.interrupted;
      return;
    }
    await openFolder(folder);
    const schema = relative(folder, schemaFile).replaceAll("\\", "/");
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(starter.write(answers, schema));
      await handle.close();
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "EEXIST" ? thereAlready(file) : error;
    }
    process.stdout.write(`${file}\n`);
    process.stderr.write(`next: r4ec plan ${file}, then r4ec sweep ${file}\n`);
  },
});

/** Whether there is somebody to ask, at a terminal that has a size and can move its cursor. */
const onTerminal = (): boolean =>
  process.stdin.isTTY === true &&
  process.stderr.isTTY === true &&
  process.stderr.columns > 0 &&
  process.env["TERM"] !== "dumb";

const thereAlready = (file: string): UserError =>
  new UserError(`${file} is there already`, {
    exitCode: ExitCode.usage,
    hint: "give another name: r4ec init NAME.yaml",
  });
