import { colours, printJson, printLine, write } from "../../../src/base/terminal.js";
import { formatTable } from "../../../src/base/table.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { ArtifactFacts, ScienceCommand } from "../../../src/contract/engine.js";
import { jsonOutput, specFile, specOverrides } from "../../../src/contract/options.js";
import { datasetStage } from "./stage.js";

interface DatasetArguments {
  readonly file: string;
  readonly overrides?: readonly string[] | undefined;
  readonly json: boolean;
}

/** Samples of a split. */
interface Split {
  readonly samples: number;
  readonly positives: number;
}

/** What `dataset --json` says of one data set; train includes valid. */
interface DatasetReport {
  readonly id: string;
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  readonly train: Split;
  readonly valid: Split;
  readonly test: Split;
}

/** `dataset FILE`: prepares the data sets of a spec (cached as its stages are) and counts them. */
export const datasetCommand: ScienceCommand<DatasetArguments> = {
  command: "dataset <file> [overrides..]",
  describe: "prepare the data sets of a spec and count users, items and samples",
  builder: (yargs) =>
    yargs
      .positional("file", specFile)
      .positional("overrides", specOverrides)
      .option("json", jsonOutput),
  run: async ({ file, overrides, json }, engine) => {
    const paint = colours(process.stderr);
    const artifacts = await engine.make({ file, overrides }, datasetStage, {
      note: (severity, message) => {
        const shown = severity === "warning" ? paint.yellow(`warning: ${message}`) : message;
        void write(process.stderr, `${shown}\n`);
      },
      progress: progressLine(),
    });
    const reports = artifacts.map(({ facts }) => reportOf(facts));
    if (json) await printJson({ datasets: reports });
    else await printLine(tableOf(reports));
  },
};

function reportOf({ params, metrics }: ArtifactFacts): DatasetReport {
  const metric = (name: string): number => {
    const value = metrics[name];
    if (value === undefined)
      throw new UserError(`the artifact lacks ${name}`, { exitCode: ExitCode.environment });
    return value;
  };
  const split = (name: string): Split => ({
    samples: metric(`${name}.samples`),
    positives: metric(`${name}.positives`),
  });
  return {
    id: String(params["id"]),
    users: metric("users"),
    items: metric("items"),
    attributes: metric("attributes"),
    train: split("train"),
    valid: split("valid"),
    test: split("test"),
  };
}

function tableOf(reports: readonly DatasetReport[]): string {
  const number = (value: number): string => value.toLocaleString("en-US");
  const head = [
    "data set",
    "users",
    "items",
    "attributes",
    "split",
    "samples",
    "positives",
    "share",
  ];
  const rows = reports.flatMap(({ id, users, items, attributes, train, valid, test }) =>
    Object.entries({ train, "of it valid": valid, test }).map(([name, split], i) => [
      ...(i === 0 ? [id, number(users), number(items), number(attributes)] : ["", "", "", ""]),
      name,
      number(split.samples),
      number(split.positives),
      split.samples === 0 ? "-" : (split.positives / split.samples).toFixed(5),
    ]),
  );
  return formatTable(head, rows, colours(process.stdout).dim);
}

/** Shows progress in place on a terminal, nothing elsewhere. */
function progressLine(): (label: string, done: number, total: number) => void {
  if (process.stderr.isTTY !== true) return () => undefined;
  return (label, done, total) => {
    const end = done >= total ? "\n" : "";
    process.stderr.write(`\r${label}: ${Math.floor((100 * done) / Math.max(1, total))} %${end}`);
  };
}
