import type { CommandModule } from "yargs";
import {
  loadExperiment,
  loadSettings,
  type GlobalArguments,
} from "../../../src/commands/experiment.js";
import { formatTable } from "../../../src/base/table.js";
import { colours, printJson, printLine, write } from "../../../src/base/terminal.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Manifest } from "../../../src/store/index.js";

interface DatasetArguments extends GlobalArguments {
  readonly file: string;
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
export const datasetCommand: CommandModule = {
  command: "dataset <file>",
  describe: "prepare the data sets of a spec and count users, items and samples",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "the spec" })
      .option("json", { type: "boolean", default: false, describe: "print JSON" }),
  handler: async (args) => {
    const { file, json, ...globals } = args as unknown as DatasetArguments;
    // The registry names this command, so it can't be imported at load time.
    const { science } = await import("../../registry.js");
    const { prepareDatasets } = await import("./prepare.js");
    const experiment = await loadExperiment(file, science);
    const config = await loadSettings(globals, experiment);
    const paint = colours(process.stderr);
    const manifests = await prepareDatasets(experiment, science, config, {
      note: (severity, message) => {
        const shown = severity === "warning" ? paint.yellow(`warning: ${message}`) : message;
        void write(process.stderr, `${shown}\n`);
      },
      progress: progressLine(),
    });
    const reports = manifests.map(reportOf);
    if (json) await printJson({ datasets: reports });
    else await printLine(tableOf(reports));
  },
};

function reportOf({ params, metrics }: Manifest): DatasetReport {
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
