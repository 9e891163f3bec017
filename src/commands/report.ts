import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommandModule } from "yargs";
import type { Science } from "../contract/science.js";
import { openFolder } from "../base/folder.js";
import { printLine } from "../base/terminal.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { closeKilled } from "./find-sweep.js";
import { knownSweeps, openSweep, sweepWords } from "./open-sweep.js";

interface ReportArguments extends GlobalArguments {
  readonly sweep?: readonly string[] | undefined;
  readonly out: string;
  readonly png?: string | undefined;
}

/** `report [SWEEP]`: the finding, tables and figures of a sweep as one HTML file. */
export const reportCommand = (science: Science): CommandModule<object, ReportArguments> => ({
  command: "report [sweep..]",
  describe: "write a sweep's finding, tables and figures as one HTML file, which needs no network",
  builder: (yargs) =>
    yargs
      .positional("sweep", {
        ...knownSweeps,
        describe: knownSweeps.describe.replace(
          "specs' files, sweeps' ids",
          "a spec's file, a sweep's id",
        ),
      })
      .option("out", {
        type: "string",
        default: "report.html",
        describe: "the file to write; one that is there is replaced",
      })
      .option("png", { type: "string", describe: "a folder to write the figures into, as PNG" }),
  handler: async (args) => {
    const [named] = await sweepWords(args.sweep ?? []);
    const config = await configOf(args, named.word);
    await closeKilled(config, science);
    const sweep = await openSweep(named, config, science);
    const { compareSweeps, evidenceOf } = await import("../report/index.js");
    const { Store } = await import("../store/index.js");
    const store = new Store(config.store.value);
    const evidence = await evidenceOf([sweep.state], store, science);
    const comparison = compareSweeps([sweep], { science, evidence });
    const { figureFiles, reportOf } = await import("../page/index.js");
    const page = await reportOf({ comparison, state: sweep.state, science, store });
    const file = path.resolve(args.out);
    await writeFile(file, page.html);
    await printLine(file);
    if (args.png === undefined) return;
    const folder = path.resolve(args.png);
    await openFolder(folder);
    for (const [name, bytes] of Object.entries(await figureFiles(page))) {
      await writeFile(path.join(folder, name), bytes);
      await printLine(path.join(folder, name));
    }
  },
});
