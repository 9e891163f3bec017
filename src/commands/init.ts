import { open } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { openFolder } from "../base/folder.js";

interface Arguments {
  readonly file: string;
}

const schemaFile = fileURLToPath(
  new URL("../../../schemas/experiment.schema.json", import.meta.url),
);

/** `r4ec init [FILE]`: a commented spec to start from; never overwrites. */
export const initCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "init [file]",
  describe: "Write a commented spec to start from",
  builder: (yargs) =>
    yargs.positional("file", {
      type: "string",
      default: "experiment.yaml",
      describe: "Where to write it",
    }),
  async handler({ file }) {
    const folder = dirname(file);
    await openFolder(folder);
    const schema = relative(folder, schemaFile).replaceAll("\\", "/");
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(science.starter(schema));
      await handle.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new UserError(`${file} is there already`, {
        exitCode: ExitCode.usage,
        hint: "give another name: r4ec init NAME.yaml",
      });
    }
    process.stdout.write(`${file}\n`);
    process.stderr.write(`next: r4ec plan ${file}, then r4ec sweep ${file}\n`);
  },
});
