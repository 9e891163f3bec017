import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { ComparedSweep } from "../report/index.js";
import type { SweepState } from "../journal/index.js";
import type { Science } from "../contract/science.js";
import { jsonOutput } from "../contract/options.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { closeKilled } from "./find-sweep.js";
import { knownSweeps, openSweep, sweepWords } from "./open-sweep.js";
import { colours, printJson, printLine, write } from "../base/terminal.js";

interface CompareArguments extends GlobalArguments {
  readonly sweeps?: readonly string[] | undefined;
  readonly metric?: readonly string[] | undefined;
  readonly test?: "all" | "seeds" | undefined;
  readonly json: boolean;
  readonly csv: boolean;
  readonly markdown: boolean;
  readonly latex: boolean;
}

/** `compare [SWEEPS..]`: variants beside each other, over seeds, against the baseline. */
export const compareCommand = (science: Science): CommandModule<object, CompareArguments> => ({
  command: "compare [sweeps..]",
  describe:
    "compare the variants of a sweep: their differences, with intervals and p-values, and what follows from them",
  builder: (yargs) =>
    yargs
      .positional("sweeps", knownSweeps)
      .option("metric", { type: "string", array: true, describe: "metrics to show instead" })
      .option("test", {
        choices: ["all", "seeds"] as const,
        describe:
          "what the test treats as random: test units and seeds (all), or only the seeds (seeds); default: as in the spec",
      })
      .option("json", jsonOutput)
      .option("csv", { type: "boolean", default: false, describe: "print CSV" })
      .option("markdown", { type: "boolean", default: false, describe: "print Markdown" })
      .option("latex", {
        type: "boolean",
        default: false,
        describe: "print LaTeX (booktabs): best bold, second underlined, significance marked",
      }),
  handler: async (args) => {
    if ([args.json, args.csv, args.markdown, args.latex].filter(Boolean).length > 1) {
      throw new UserError("choose one of --json, --csv, --markdown and --latex");
    }
    const named = await sweepWords(args.sweeps ?? []);
    const config = await configOf(args, named[0].word);
    await closeKilled(config, science);
    const sweeps: [ComparedSweep, ...ComparedSweep[]] = [
      await openSweep(named[0], config, science),
    ];
    for (const one of named.slice(1)) sweeps.push(await openSweep(one, config, science));
    const states = sweeps.map(({ state }) => state);
    const metrics = args.metric === undefined ? undefined : await knownMetrics(states, args.metric);
    const report = await import("../report/index.js");
    const { Store } = await import("../store/index.js");
    const evidence = await report.evidenceOf(states, new Store(config.store.value), science);
    const comparison = report.compareSweeps(sweeps, {
      science,
      evidence,
      ...(args.test === undefined ? {} : { test: args.test }),
      ...(metrics === undefined ? {} : { metrics }),
    });
    if (args.json) await printJson(comparison);
    else if (args.csv) {
      await write(process.stdout, report.comparisonAsCsv(comparison));
      // The table has no place for them.
      for (const { kind, text } of comparison.warnings) {
        if (OF_THE_NUMBERS.has(kind)) await write(process.stderr, `warning: ${text}\n`);
      }
    } else if (args.markdown) {
      await write(process.stdout, report.comparisonAsMarkdown(comparison));
    } else if (args.latex) {
      await write(process.stdout, report.comparisonAsLatex(comparison));
    } else {
      const { bold, dim } = colours(process.stdout);
      const width = process.stdout.columns ?? 120;
      await printLine(report.comparisonAsText(comparison, { width, bold, dim }));
    }
    const unpicked = report.notPicked(comparison);
    for (const line of unpicked) await write(process.stderr, `error: ${line}\n`);
    if (sweeps.some(({ damage = [] }) => damage.length > 0))
      process.exitCode = ExitCode.environment;
    else if (unpicked.length > 0) process.exitCode = ExitCode.cellsFailed;
  },
});

/** Kinds of warnings that a reader of bare numbers must see too. */
const OF_THE_NUMBERS: ReadonlySet<string> = new Set([
  "journal",
  "unfinished",
  "not comparable",
  "sweeps",
]);

/** The metrics asked for; a UserError for one that no cell has. */
async function knownMetrics(
  states: readonly SweepState[],
  asked: readonly string[],
): Promise<string[]> {
  const known = new Set<string>();
  for (const { cells, stages } of states) {
    for (const { stage } of cells) {
      for (const name of Object.keys(stages.get(stage)?.result?.metrics ?? {})) known.add(name);
    }
  }
  const wanted = asked.flatMap((one) => one.split(",")).map((one) => one.trim());
  for (const name of wanted) {
    if (known.has(name) || known.size === 0) continue;
    const { closest } = await import("fastest-levenshtein");
    throw new UserError(
      `no cell has the metric ${name}; did you mean ${closest(name, [...known])}?`,
      {
        exitCode: ExitCode.usage,
        hint: `there are: ${[...known].sort().join(", ")}`,
      },
    );
  }
  return wanted;
}
