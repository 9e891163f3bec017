import type { Argv, CommandModule } from "yargs";
import type { Config } from "../config/config.js";
import type { SweepOutcome, SweepRequest } from "../execute/index.js";
import { ExitCode } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan, StagePresence } from "../plan/index.js";
import { packageVersion } from "../base/package.js";
import type { ProgramParts, Science } from "../contract/science.js";
import { jsonOutput, onlyCells, specFile, specOverrides } from "../contract/options.js";
import type { Experiment } from "../spec/index.js";
import type { Comparison, EvidencePrecompute } from "../report/index.js";
import type { TrackingSummary } from "../tracking/index.js";
import { namesOf } from "../cells/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { keptBy } from "./only-cells.js";
import { loadExperiment, configOf, showOrRefuse } from "./experiment.js";
import { cardMistakes, cardRemarks } from "./cards.js";
import { closeKilled } from "./find-sweep.js";
import { missingVariables, variableRemarks } from "./variables.js";
import { planAsJson, planAsText } from "./plan.js";
import { liveDisplay } from "./live-display.js";
import type { ProgressView } from "./progress.js";
import { sweepAsJson, sweepAsText } from "./sweep-result.js";
import { seenFile } from "../journal/read.js";
import { colours, printJson, printLine } from "../base/terminal.js";

export interface SweepArguments extends GlobalArguments {
  readonly only?: readonly string[] | undefined;
  readonly failure?: "keep-going" | "stop" | undefined;
  readonly "dry-run": boolean;
  readonly json: boolean;
}

/** `sweep FILE`: runs what is missing. */
export const sweepCommand = (
  science: Science,
  scienceModule: string,
): CommandModule<object, SweepArguments & OverrideArguments & { readonly file: string }> => ({
  command: "sweep <file> [overrides..]",
  describe: "run the experiment of a spec, or continue it; at the end, compare its variants",
  builder: (yargs) =>
    sweepOptions(yargs.positional("file", specFile).positional("overrides", specOverrides)),
  handler: async (args) => {
    const experiment = await loadExperiment(args.file, science, args.overrides);
    process.exitCode = await sweepExperiment(experiment, args, { science, scienceModule });
  },
});

/** The options of every command that runs a sweep. */
export const sweepOptions = <T>(
  yargs: Argv<T>,
): Argv<
  T & {
    only: string[] | undefined;
    failure: "keep-going" | "stop" | undefined;
    "dry-run": boolean;
    json: boolean;
  }
> =>
  yargs
    .option("only", onlyCells)
    .option("failure", {
      choices: ["keep-going", "stop"] as const,
      describe: "after a cell has failed: run the others, or stop at the next checkpoints",
    })
    .option("dry-run", { type: "boolean", default: false, describe: "show what would run" })
    .option("json", jsonOutput);

/** Runs an experiment and shows how it went; gives the exit status. */
export async function sweepExperiment(
  experiment: Experiment,
  args: SweepArguments,
  parts: ProgramParts,
): Promise<ExitCode> {
  const config = await configOf(args, experiment);
  const { FileHashes, lookAtStages, makePlan, narrowPlan, parseSelector } =
    await import("../plan/index.js");
  const { Store } = await import("../store/index.js");
  const { SeenFile } = await import("../store/seen.js");
  const plan = await makePlan(experiment, parts.science, new FileHashes(config.store.value));
  const names = namesOf({ ...plan, resolved: experiment.resolved });
  const select = (words: readonly string[]): ReturnType<typeof parseSelector> =>
    parseSelector(words, plan.cells, parts.science.expand);
  const selected =
    args.only === undefined ? plan : narrowPlan(plan, keptBy(args.only, plan.cells, names, select));
  const store = new Store(config.store.value);
  const seen = await SeenFile.recall(seenFile(store.folder, plan.sweep), store);
  const presence = await lookAtStages(selected, store);
  if (args["dry-run"]) {
    await showOrRefuse(await cardRemarks(experiment, config));
    await showOrRefuse(variableRemarks(experiment, selected, presence));
    if (args.json) await printJson(planAsJson(selected, presence, names));
    else {
      const paint = colours(process.stdout);
      await printLine(planAsText(experiment.name, selected, presence, paint, names));
    }
    return ExitCode.done;
  }
  // The cards of a cluster are not here.
  if (experiment.cluster === null) await refuseMissingCards(experiment, config, selected, presence);
  await showOrRefuse(missingVariables(experiment, selected, presence));
  const killed = await closeKilled(config, parts.science);
  const toRun = new Set<Fingerprint>();
  for (const [stage, { wouldRun }] of presence) if (wouldRun) toRun.add(stage);
  const { ProgressView } = await import("./progress.js");
  const view = new ProgressView(process.stderr, args.json ? null : await liveDisplay(), {
    toRun,
    headline: parts.science.headline,
  });
  const { sweep } = plan;
  const cached = [...presence.values()].filter((one) => one.manifest !== null).length;
  view.line(
    `${experiment.name}, sweep ${sweep}: ${selected.cells.length} cells; ` +
      `${toRun.size} stages to run, ${cached} cached`,
  );
  if (killed.includes(sweep)) view.line("its last run was killed; this run continues it");
  const failures = { ...experiment.failures, ...(args.failure && { after: args.failure }) };
  const { result, tracked } = await run(
    { ...experiment, failures },
    plan,
    { selected, seen, presence },
    config,
    parts,
    view,
  );
  const { trackingText } = await import("./track.js");
  const where = trackingText(tracked);
  let comparison: Comparison | null = null;
  if (args.json) {
    if (where !== null) view.line(where);
    await printJson({ ...sweepAsJson(result, selected, names), mlflow: tracked?.runUrl ?? null });
  } else {
    const told = await sweepAsText(result, selected, experiment, parts.science, store);
    ({ comparison } = told);
    await printLine(told.text);
    if (where !== null) await printLine(where);
  }
  const code = exitCodeOf(result, selected);
  if (code !== ExitCode.done) return code;
  const { compareSweep, notPicked } = await import("../report/index.js");
  comparison ??= compareSweep(result.state, { experiment, science: parts.science });
  const unpicked = notPicked(comparison);
  for (const line of unpicked) view.line(`error: ${line}`);
  return unpicked.length > 0 ? ExitCode.cellsFailed : ExitCode.done;
}

/** Ends the command where a stage that is to run wants GPUs that this machine does not have. */
async function refuseMissingCards(
  experiment: Experiment,
  config: Config,
  selected: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): Promise<void> {
  const pinned = new Set<number | null>();
  let most = 0;
  let largest = 0;
  for (const [fingerprint, { wouldRun }] of presence) {
    const { record, runner, execution } = selected.stages.get(fingerprint)!;
    if (!wouldRun) continue;
    const { gpus, gpuMemory = 0 } = runner.resources(record.params, execution);
    if (gpus > 0) pinned.add(execution.gpu);
    most = Math.max(most, gpus);
    largest = Math.max(largest, gpuMemory);
  }
  if (most === 0) return;
  await showOrRefuse(
    await cardMistakes(experiment, config, (wish) => {
      if ("gpu" in wish) return wish.path === "resources.gpus" || pinned.has(wish.gpu);
      return "count" in wish ? wish.count <= most : wish.memory <= largest;
    }),
  );
}

async function run(
  experiment: Experiment,
  plan: Plan,
  { selected, seen, presence }: Pick<SweepRequest, "selected" | "seen" | "presence">,
  config: Config,
  { science, scienceModule }: ProgramParts,
  view: ProgressView,
): Promise<{ result: SweepOutcome; tracked: TrackingSummary | null }> {
  const { runSweep } = await import("../execute/index.js");
  const { beginTracking } = await import("./track.js");
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let requests = 0;
  let listener: (how?: "leave") => void = () => undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    requests += 1;
    if (signal === "SIGHUP" && experiment.cluster !== null) {
      view.line("the jobs of this sweep go on; r4ec resume comes back to them");
      listener("leave");
      return;
    }
    if (requests === 1) {
      view.line("stopping at the next checkpoints; press Ctrl-C again to stop at once");
    } else if (requests === 2) {
      view.line("stopping now");
    }
    listener();
  };
  for (const signal of signals) process.on(signal, onSignal);
  const precompute = await precomputeOf(plan, presence, config.store.value, {
    science,
    scienceModule,
  });
  const tracking = await beginTracking(experiment, plan, config, science, view);
  let tracked: TrackingSummary | null = null;
  let result: SweepOutcome;
  try {
    result = await runSweep({
      experiment,
      plan,
      selected,
      config,
      seen,
      presence,
      classify: (words) => science.classify?.(words) ?? null,
      scienceModule,
      codeVersion: packageVersion(),
      ensure: async (toolchainParts, signal) => {
        const { ensure } = await import("../toolchain/index.js");
        const said = (message: { text: string; transient: boolean }): void =>
          message.transient ? view.passing(message.text) : view.line(message.text);
        return ensure(toolchainParts, science.environments, config, said, signal).finally(() =>
          view.passing(null),
        );
      },
      sinks: [view, ...(precompute === null ? [] : [precompute]), ...tracking.sinks],
      say: (line) => view.line(line),
      onStop: (stop) => {
        listener = stop;
        if (requests > 0) stop();
      },
    });
  } finally {
    view.close();
    // A signal now ends the process by itself: what MLflow has not got, `sync` sends.
    for (const signal of signals) process.off(signal, onSignal);
    [tracked] = await Promise.all([tracking.finish(), precompute?.close()]);
  }
  return { result, tracked };
}

/** What works out the evidence of cells as they finish; null where no stage runs, or the science has no statistics. */
async function precomputeOf(
  plan: Plan,
  presence: SweepRequest["presence"],
  store: string,
  { science: { statistics }, scienceModule }: ProgramParts,
): Promise<EvidencePrecompute | null> {
  const runs = [...presence.values()].some(({ wouldRun }) => wouldRun);
  if (!runs || statistics === undefined) return null;
  const { EvidencePrecompute } = await import("../report/index.js");
  const finalStages = new Set(plan.cells.map(({ stage }) => stage));
  return new EvidencePrecompute(finalStages, statistics.tested, { scienceModule, store });
}

function exitCodeOf({ outcome, state, toolchainFailure }: SweepOutcome, selected: Plan): ExitCode {
  if (outcome === "interrupted") return ExitCode.interrupted;
  if (toolchainFailure !== null) return ExitCode.environment;
  if (outcome === "done") return ExitCode.done;
  // The same for a disk that fails a worker as for one that fails the sweep itself.
  const onDisk = [...selected.stages.keys()].some(
    (stage) => state.stages.get(stage)?.error?.class === "disk",
  );
  return onDisk ? ExitCode.environment : ExitCode.cellsFailed;
}
