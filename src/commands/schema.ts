import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { openFolder } from "../base/folder.js";

interface Arguments {
  readonly check: boolean | undefined;
  readonly write: boolean | undefined;
}

// From dist/src/commands to the project's root.
const projectRoot = fileURLToPath(new URL("../../../", import.meta.url));

/** `r4ec schema`: the JSON Schema of a spec; for r4ec's own developers: what is made from it. */
export const schemaCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "schema",
  describe: "Print the JSON Schema of a spec, for editors",
  builder: (yargs) =>
    yargs
      .option("print", { type: "boolean", default: true, describe: "Print it (the default)" })
      .option("write", {
        type: "boolean",
        describe: "Write schema and reference page into r4ec's own source tree",
      })
      .option("check", {
        type: "boolean",
        describe: "Fail if these files are out of date",
      })
      .conflicts("write", "check"),
  async handler({ check, write }) {
    const { generate, staleFiles } = await import("../spec/generate.js");
    if (write === true) {
      for (const [file, content] of generate(science)) {
        await openFolder(dirname(join(projectRoot, file)));
        await writeFile(join(projectRoot, file), content);
        process.stderr.write(`wrote ${file}\n`);
      }
    } else if (check === true) {
      const stale = await staleFiles(projectRoot, science);
      if (stale.length > 0) {
        throw new UserError(`out of date: ${stale.join(", ")}`, {
          exitCode: ExitCode.usage,
          hint: "run npm run schema",
        });
      }
      process.stderr.write("schema and reference page are up to date\n");
    } else {
      const { editorSchema } = await import("../spec/editor-schema.js");
      process.stdout.write(`${JSON.stringify(editorSchema(science), null, 2)}\n`);
    }
  },
});
