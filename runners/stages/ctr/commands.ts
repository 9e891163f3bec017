import { writeFile } from "node:fs/promises";
import { printJson, printLine, write } from "../../../src/base/terminal.js";
import { listed, type Engine, type ScienceCommand } from "../../../src/contract/engine.js";
import { jsonOutput, splitCell } from "../../../src/contract/options.js";
import { UserError } from "../../../src/base/exit.js";

interface ScoreArguments {
  readonly cell: readonly string[];
  readonly split: "train" | "valid" | "test" | undefined;
  readonly dataset: string | undefined;
  readonly out: string | undefined;
}

interface ExportArguments {
  readonly cell: readonly string[];
  readonly json: boolean;
}

const cellHelp =
  "a cell: settings (backbone=din seed=1), its name, its id, its stage's fingerprint (or the beginning of one), or its artifact's folder";

/** `score CELL [SAMPLES]`: new samples through a trained cell, as JSON Lines. */
const scoreCommand: ScienceCommand<ScoreArguments> = {
  command: "score <cell..>",
  examples: [
    ["score 3fa29c --split test", "the test split of a cell, by the beginning of its id"],
    ["score 3fa29c samples.jsonl", "samples of your own"],
  ],
  describe: "score new samples with a trained cell",
  builder: (yargs) =>
    yargs
      .positional("cell", {
        type: "string",
        array: true,
        demandOption: true,
        describe: `${cellHelp}; then a file of samples: JSON Lines of {"user", "item"} with ids as in the files of the data set, and optionally "history"`,
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
      .check(({ cell, split, dataset }) => {
        const { samples } = scored(cell);
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
  run: async ({ cell: words, split, dataset, out }, engine) => {
    const { cell, samples } = scored(words);
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

/** The cell and the file of samples in the words of a call. */
function scored(words: readonly string[]): { cell: string; samples: string | undefined } {
  const { cell, rest } = splitCell(words);
  if (rest.length > 1) {
    throw new UserError(
      `${rest.slice(1).join(" ")} is one argument too many: give a cell, then a file of samples`,
    );
  }
  return { cell, samples: rest[0] };
}

/** `export CELL FOLDER`: a trained cell as a TensorFlow SavedModel. */
const exportCommand: ScienceCommand<ExportArguments> = {
  command: "export <cell..>",
  examples: [["export 3fa29c saved-model", "a cell, by the beginning of its id"]],
  describe: "write a trained cell as a TensorFlow SavedModel",
  builder: (yargs) =>
    yargs
      .positional("cell", {
        type: "string",
        array: true,
        demandOption: true,
        describe: `${cellHelp}; then the folder to write it into`,
      })
      .option("json", jsonOutput),
  run: async ({ cell: words, json }, engine) => {
    const { cell, rest } = splitCell(words);
    if (rest.length !== 1) throw new UserError("give a cell and one folder to write it into");
    const folder = rest[0]!;
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
