import { colours, printJson, printLine, write } from "../../../src/base/terminal.js";
import { formatTable } from "../../../src/base/table.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { ArtifactFacts, ScienceCommand } from "../../../src/contract/engine.js";
import { jsonOutput, specFile, specOverrides } from "../../../src/contract/options.js";
import { readDatasetInfo, type Implicit } from "../../base/artifacts/dataset.js";
import { datasetStage } from "./stage.js";
import type { UserSplit } from "../../base/artifacts/split.js";
import { userSplitOf } from "./split.js";
import { type DatasetSummary, type SplitCounts, summaryOf } from "./summary.js";

interface DatasetArguments {
  readonly file: string;
  readonly overrides?: readonly string[] | undefined;
  readonly json: boolean;
}

/** What `dataset --json` says of one data set; train includes valid. */
interface DatasetReport {
  readonly id: string;
  readonly users: number;
  readonly items: number;
  readonly attributes: number;
  /** The fold that is tested, where the spec splits by users; left out elsewhere. */
  readonly fold?: number;
  readonly folds?: number;
  readonly train: SplitCounts;
  readonly valid: SplitCounts;
  readonly test: SplitCounts;
  /** Interactions: in the files, left out by reason, and in the data set. */
  readonly interactions: {
    readonly read: number;
    readonly dropped: { readonly [reason: string]: number };
    readonly kept: number;
  };
  /** Drawn negatives, and how; left out where labels are those of the data. */
  readonly negatives?: Implicit & { readonly drawn: number };
  readonly lengths: DatasetSummary["lengths"];
  readonly unseen: DatasetSummary["unseen"];
  readonly fields?: NonNullable<DatasetSummary["fields"]>;
  readonly examples: DatasetSummary["examples"];
}

/** `dataset FILE`: prepares the data sets of a spec (cached as its stages are) and counts them. */
export const datasetCommand: ScienceCommand<DatasetArguments> = {
  command: "dataset <file> [overrides..]",
  examples: [["dataset my.yaml", "count what was made of the files"]],
  describe: "prepare the data sets of a spec and show what was made of their files",
  builder: (yargs) =>
    yargs
      .positional("file", specFile)
      .positional("overrides", specOverrides)
      .option("json", jsonOutput),
  run: async ({ file, overrides, json }, engine) => {
    const paint = colours(process.stderr);
    // By data set, in the order in which their artifacts come.
    const splits = new Map<string, Map<string, UserSplit | null>>();
    const stageOf: typeof datasetStage = (settings, place) => {
      const stage = datasetStage(settings, place);
      const split = userSplitOf(settings);
      const key = JSON.stringify([stage.params, stage.files]);
      splits.set(key, (splits.get(key) ?? new Map()).set(JSON.stringify(split), split));
      return stage;
    };
    const artifacts = await engine.make({ file, overrides }, stageOf, {
      note: (severity, message) => {
        const shown = severity === "warning" ? paint.yellow(`warning: ${message}`) : message;
        void write(process.stderr, `${shown}\n`);
      },
      progress: progressLine(),
    });
    const reports: DatasetReport[] = [];
    const byArtifact = [...splits.values()];
    for (const [at, { facts, folder }] of artifacts.entries()) {
      // Files of equal contents under two paths are one artifact: then each has the splits of all.
      const own =
        byArtifact.length === artifacts.length
          ? [...byArtifact[at]!.values()]
          : [...new Map(byArtifact.flatMap((each) => [...each])).values()];
      for (const split of own) reports.push(await reportOf(facts, folder, split));
    }
    if (json) await printJson({ datasets: reports });
    else await printLine([tableOf(reports), ...reports.map(wordsOf)].join("\n\n"));
  },
};

async function reportOf(
  { metrics }: ArtifactFacts,
  folder: string,
  split: UserSplit | null,
): Promise<DatasetReport> {
  const metric = (name: string): number => {
    const value = metrics[name];
    if (value === undefined)
      throw new UserError(`the artifact lacks ${name}`, { exitCode: ExitCode.environment });
    return value;
  };
  const { id, interactions, implicit } = await readDatasetInfo(folder);
  const dropped = Object.fromEntries(
    Object.entries(metrics).flatMap(([name, count]) =>
      name.startsWith("dropped.") ? [[name.slice("dropped.".length), count]] : [],
    ),
  );
  const { counts, ...summary } = await summaryOf(folder, split);
  return {
    id,
    users: metric("users"),
    items: metric("items"),
    attributes: metric("attributes"),
    ...(split === null ? {} : { fold: split.fold, folds: split.folds }),
    ...counts,
    interactions: {
      read: interactions + Object.values(dropped).reduce((sum, count) => sum + count, 0),
      dropped,
      kept: interactions,
    },
    ...(implicit === undefined ? {} : { negatives: { ...implicit, drawn: metric("negatives") } }),
    ...summary,
  };
}

const kindWords: {
  readonly [kind in NonNullable<DatasetSummary["fields"]>[number]["kind"]]: (
    values: string,
  ) => string;
} = {
  category: (values) => `${values} categories`,
  categories: (values) => `${values} categories, several at once`,
  buckets: (values) => `a number in ${values} buckets`,
  number: () => "a number, standardised",
};

/** What people call a data set under a split. */
const titleOf = ({ id, fold, folds }: DatasetReport): string =>
  fold === undefined ? id : `${id}, fold ${fold} of ${folds!}`;

/** What the table has no place for. */
function wordsOf(report: DatasetReport): string {
  const { interactions, negatives, lengths, unseen, examples } = report;
  const number = (value: number): string => value.toLocaleString("en-US");
  const dropped = Object.entries(interactions.dropped).map(
    ([reason, count]) => `${number(count)} ${reason.replaceAll("_", " ")}`,
  );
  return [
    `${titleOf(report)}: ${number(interactions.read)} interactions read, ${number(interactions.kept)} kept${dropped.length === 0 ? "" : `; left out: ${dropped.join(", ")}`}`,
    ...(negatives === undefined
      ? []
      : [
          `negatives: ${number(negatives.drawn)}, ${number(negatives.negatives)} for each sample, drawn by ${negatives.by} with seed ${negatives.seed}`,
        ]),
    `interactions of a user: ${number(lengths.shortest)} to ${number(lengths.longest)}, the middle ${number(lengths.median)}`,
    `tested without training: ${number(unseen.users)} users (${number(unseen.user_samples)} samples), ${number(unseen.items)} items (${number(unseen.item_samples)} samples)`,
    ...(report.fields ?? []).map(
      ({ name, of, kind, values, unknown_test_samples: unknown }) =>
        `field ${name} of the ${of}: ${kindWords[kind](number(values))}; ${number(unknown)} test samples have a value that training does not have`,
    ),
    "test samples, for example:",
    ...examples.map((example) => `  ${example}`),
  ].join("\n");
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
  const rows = reports.flatMap((report) => {
    const { users, items, attributes, train, valid, test } = report;
    const about = [titleOf(report), number(users), number(items), number(attributes)];
    return Object.entries({ train, "of it valid": valid, test }).map(([name, split], i) => [
      ...(i === 0 ? about : ["", "", "", ""]),
      name,
      number(split.samples),
      number(split.positives),
      split.samples === 0 ? "-" : (split.positives / split.samples).toFixed(5),
    ]);
  });
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
