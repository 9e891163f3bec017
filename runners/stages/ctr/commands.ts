import { writeFile } from "node:fs/promises";
import { printJson, printLine, write } from "../../../src/base/terminal.js";
import { listed, type Engine, type ScienceCommand } from "../../../src/contract/engine.js";
import { jsonOutput } from "../../../src/contract/options.js";
import { UserError } from "../../../src/base/exit.js";

interface ScoreArguments {
  readonly cell: string;
  readonly samples: string | undefined;
  readonly split: "train" | "valid" | "test" | undefined;
  readonly dataset: string | undefined;
  readonly out: string | undefined;
}

interface ExportArguments {
  readonly cell: string;
  readonly folder: string;
  readonly json: boolean;
}

const cellHelp =
  "a cell's id, its stage's fingerprint (or the beginning of one), or its artifact's folder";

/** `score CELL [SAMPLES]`: new samples through a trained cell, as JSON Lines. */
const scoreCommand: ScienceCommand<ScoreArguments> = {
  command: "score <cell> [samples]",
  examples: [
    ["score 3fa29c --split test", "the test split of a cell, by the beginning of its id"],
    ["score 3fa29c samples.jsonl", "samples of your own"],
  ],
  describe: "score new samples with a trained cell",
  builder: (yargs) =>
    yargs
      .positional("cell", { type: "string", demandOption: true, describe: cellHelp })
      .positional("samples", {
        type: "string",
        describe:
          'JSON Lines of {"user", "item"} with ids as in the files of the data set, and optionally "history"',
      })
      .option("split", {
        choices: ["train", "valid", "test"] as const,
        describe: "score a split of the cell's own data set instead",
      })
      .option("dataset", {
        type: "string",
        describe:
          "with --split: another preparation of the cell's data set, by its artifact's folder or its stage's fingerprint",
      })
      .option("out", { type: "string", describe: "write here instead of to stdout" })
      .check(({ samples, split, dataset }) => {
        if ((samples === undefined) === (split === undefined)) {
          throw new UserError("give a file of samples, or --split");
        }
        if (dataset !== undefined && split === undefined) {
          throw new UserError(
            "--dataset needs --split, which names the part of the data set to score",
          );
        }
        return true;
      }),
  run: async ({ cell, samples, split, dataset, out }, engine) => {
    await prepare(engine);
    const { openDataset, openTrained } = await import("./serve/trained.js");
    const trained = await openTrained(engine, cell);
    const { scoreFile, scoreSplit } = await import("./serve/score.js");
    let lines: string[];
    let strangers: number;
    if (split !== undefined) {
      const other = dataset === undefined ? null : await openDataset(engine, dataset);
      const scored = await scoreSplit(trained, split, other);
      ({ strangers } = scored);
      lines = Array.from(scored.scores, (score) => JSON.stringify({ score }));
    } else {
      const scored = await scoreFile(trained, samples!);
      ({ strangers } = scored);
      lines = scored.samples.map((sample, i) =>
        JSON.stringify({ ...sample, score: scored.scores[i] }),
      );
    }
    if (strangers > 0) {
      const text = `warning: ${strangers} of ${lines.length} samples are of users that the cell's data set does not know; they are scored by their history, without knowledge of the user`;
      await write(process.stderr, `${text}\n`);
    }
    const text = lines.join("\n");
    if (out === undefined) await printLine(text);
    else await writeFile(out, `${text}\n`);
  },
};

/** `export CELL FOLDER`: a trained cell as a TensorFlow SavedModel. */
const exportCommand: ScienceCommand<ExportArguments> = {
  command: "export <cell> <folder>",
  examples: [["export 3fa29c saved-model", "a cell, by the beginning of its id"]],
  describe: "write a trained cell as a TensorFlow SavedModel",
  builder: (yargs) =>
    yargs
      .positional("cell", { type: "string", demandOption: true, describe: cellHelp })
      .positional("folder", { type: "string", demandOption: true, describe: "where to write it" })
      .option("json", jsonOutput),
  run: async ({ cell, folder, json }, engine) => {
    await prepare(engine);
    const { openTrained } = await import("./serve/trained.js");
    const { exportModel } = await import("./serve/export.js");
    const inputs = await exportModel(await openTrained(engine, cell), folder);
    if (json) await printJson({ folder, signature: "serving_default", inputs, output: "score" });
    else {
      const list = inputs.map(
        ({ name, dtype, shape }) => `  ${name}: ${dtype} [${shape.join(", ")}]`,
      );
      await printLine([`${folder}: signature serving_default to score, from`, ...list].join("\n"));
    }
  },
};

/** Installs TensorFlow where it is missing; it will run on all cores and no GPU. */
async function prepare(engine: Engine): Promise<void> {
  await engine.ready(["tensorflow"]);
  const { prepareProcess } = await import("./process.js");
  const { availableParallelism } = await import("node:os");
  prepareProcess({ gpus: [], threads: availableParallelism() });
}

/** Commands about trained cells. */
export const ctrCommands = [listed(scoreCommand), listed(exportCommand)];
