import { stat } from "node:fs/promises";
import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { SweepState } from "../journal/index.js";
import { readSweep } from "../journal/index.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, specOverrides } from "../contract/options.js";
import type { Experiment } from "../spec/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { closeKilled, findSweep } from "./find-sweep.js";
import { colours, printJson, printLine, write } from "../base/terminal.js";

interface CompareArguments extends GlobalArguments, OverrideArguments {
  readonly sweep?: string | undefined;
  readonly metric?: readonly string[] | undefined;
  readonly test?: "all" | "seeds" | undefined;
  readonly json: boolean;
  readonly csv: boolean;
  readonly markdown: boolean;
  readonly latex: boolean;
}

/** `compare [SWEEP]`: variants beside each other, over seeds, against the baseline. */
export const compareCommand = (science: Science): CommandModule<object, CompareArguments> => ({
  command: "compare [sweep] [overrides..]",
  describe:
    "compare the variants of a sweep: their differences, with intervals and p-values, and what follows from them",
  builder: (yargs) =>
    yargs
      .positional("sweep", {
        type: "string",
        describe: "a spec's file, a sweep's id, or an experiment's name; default: the last sweep",
      })
      .positional("overrides", specOverrides)

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
    const config = await configOf(args, args.sweep);
    await closeKilled(config, science);
    const found = await findSweep(config, science, args.sweep, args.overrides);
    const { state, damage } = await readSweep(found.folder);
    if (state === null) {
      const why = damage[0]?.reason ?? "it is empty";
      throw new UserError(`the journal of sweep ${found.sweep} cannot be read: ${why}`, {
        exitCode: ExitCode.environment,
      });
    }
    const metrics = args.metric === undefined ? undefined : await knownMetrics(state, args.metric);
    const report = await import("../report/index.js");
    const experiment = await specOf(args.sweep, science, args.overrides);
    const { Store } = await import("../store/index.js");
    const evidence = await report.evidenceOf(state, new Store(config.store.value), science);
    const comparison = report.compareSweep(state, {
      science,
      evidence,
      damage,
      ...(args.test === undefined ? {} : { test: args.test }),
      ...(experiment === null ? {} : { experiment }),
      ...(metrics === undefined ? {} : { metrics }),
    });
    if (args.json) await printJson(comparison);
    else if (args.csv) {
      await write(process.stdout, report.comparisonAsCsv(comparison));
      // The table has no place for them.
      for (const { kind, text } of comparison.warnings) {
        if (kind === "journal" || kind === "unfinished")
          await write(process.stderr, `warning: ${text}\n`);
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
    if (damage.length > 0) process.exitCode = ExitCode.environment;
    else if (unpicked.length > 0) process.exitCode = ExitCode.cellsFailed;
  },
});

/** The spec, where a sweep is named by it: its `compare` and `select` as they stand now count. */
async function specOf(
  word: string | undefined,
  science: Science,
  overrides: readonly string[] = [],
): Promise<Experiment | null> {
  if (word === undefined || (await stat(word).catch(() => null))?.isFile() !== true) return null;
  const { loadSpec } = await import("../spec/index.js");
  const spec = loadSpec(word, science, { overrides });
  return spec.ok ? spec.value : null;
}

/** The metrics asked for; a UserError for one that no cell has. */
async function knownMetrics(state: SweepState, asked: readonly string[]): Promise<string[]> {
  const known = new Set<string>();
  for (const { stage } of state.cells) {
    for (const name of Object.keys(state.stages.get(stage)?.result?.metrics ?? {})) known.add(name);
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
