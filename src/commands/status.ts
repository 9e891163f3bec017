import type { CommandModule } from "yargs";
import type { StageState, SweepState } from "../journal/index.js";
import { listSweeps, paidBy, readSweep } from "../journal/index.js";
import { UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Science } from "../contract/science.js";
import type { Names } from "../contract/records.js";
import { jsonOutput, knownSweep, specOverrides } from "../contract/options.js";
import { namesOf } from "../cells/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { closeKilled, findSweep } from "./find-sweep.js";
import { formatTable } from "../base/table.js";
import type { Colours } from "../base/terminal.js";
import { colours, printJson, printLine } from "../base/terminal.js";
import { paymentsText, usageAsJson } from "./payments.js";
import { errorDetails, retryText } from "./failure-text.js";
import { durationText } from "./numbers.js";
import { queueStates } from "./queue-states.js";

/** What the queue of a cluster says about stages. */
type QueueStates = ReadonlyMap<Fingerprint, string>;

interface StatusArguments extends GlobalArguments, OverrideArguments {
  readonly sweep?: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly follow: boolean;
}

/** `status [SWEEP]`: what became of a sweep, or of all. */
export const statusCommand = (science: Science): CommandModule<object, StatusArguments> => ({
  command: "status [sweep] [overrides..]",
  describe: "show the progress of a sweep: the last one, or the one with this spec, name or id",
  builder: (yargs) =>
    yargs
      .positional("sweep", knownSweep)
      .positional("overrides", specOverrides)
      .option("all", { type: "boolean", default: false, describe: "list the sweeps of the store" })
      .option("follow", {
        type: "boolean",
        default: false,
        describe: "show a running sweep live, as its own terminal does, until it is over",
      })
      .option("json", jsonOutput),
  handler: async (args) => {
    if (args.follow && (args.json || args.all)) {
      throw new UserError(`choose one of --follow and ${args.json ? "--json" : "--all"}`);
    }
    const config = await configOf(args, args.sweep);
    await closeKilled(config, science);
    if (args.follow) {
      const found = await findSweep(config, science, args.sweep, args.overrides);
      const { followSweep } = await import("./follow.js");
      await followSweep(config.store.value, found, science.headline);
      await closeKilled(config, science);
    }
    const known = args.all
      ? await listSweeps(config.store.value)
      : [await findSweep(config, science, args.sweep, args.overrides)];
    const paint = colours(process.stdout);
    const shown: { state: SweepState; queue: QueueStates }[] = [];
    for (const { folder, sweep } of known) {
      const { state, damage } = await readSweep(folder);
      for (const { line, reason } of damage) {
        process.stderr.write(`warning: line ${line} of the journal of ${sweep}: ${reason}\n`);
      }
      if (state === null) continue;
      const queue: QueueStates = args.all ? new Map() : await queueStates(folder);
      shown.push({ state, queue });
    }
    if (args.json) {
      await printJson({
        sweeps: shown.map(({ state, queue }) => statusAsJson(state, queue, !args.all)),
      });
    } else if (args.all) await printLine(listText(shown.map(({ state }) => state)));
    else for (const { state, queue } of shown) await printLine(statusText(state, queue, paint));
  },
});

const counts = (state: SweepState): { [status: string]: number } => {
  const counted: { [status: string]: number } = {};
  for (const { status } of state.stages.values()) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};

function statusAsJson(state: SweepState, queue: QueueStates, full: boolean): object {
  const head = {
    sweep: state.sweep,
    experiment: state.experiment,
    spec: state.specFile,
    status: state.status,
    runs: state.runs,
    started: new Date(state.startedAt).toISOString(),
    ended: state.endedAt === null ? null : new Date(state.endedAt).toISOString(),
    process: state.process,
    host: state.host,
    stage_counts: counts(state),
    usage: usageAsJson(paidBy(state.stages.values())),
    seconds_left: state.live?.left?.seconds ?? null,
  };
  if (!full) return head;
  const names = namesOf(state);
  return {
    ...head,
    cells: state.cells.map(({ id, stage, settings }) => {
      const { status, result } = state.stages.get(stage)!;
      return {
        id,
        name: names.cell(id),
        settings,
        stage,
        status,
        metrics: result?.metrics ?? null,
      };
    }),
    stages: [...state.stages.values()].map((stage) => ({
      fingerprint: stage.record.fingerprint,
      runner: stage.record.runner,
      label: stage.record.label,
      name: names.stage(stage.record.fingerprint),
      status: stage.status,
      ...(queue.has(stage.record.fingerprint) && { queue: queue.get(stage.record.fingerprint) }),
      attempts: stage.attempts,
      seconds: stage.seconds,
      error: stage.error,
      notes: stage.notes,
      marks: stage.result?.marks ?? {},
      retries: stage.retries,
      usage: usageAsJson(stage.usage, stage.seconds),
    })),
  };
}

const countsText = (state: SweepState): string =>
  Object.entries(counts(state))
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");

const listText = (states: readonly SweepState[]): string =>
  formatTable(
    ["sweep", "experiment", "status", "started", "cells", "stages"],
    states.map((state) => [
      state.sweep,
      state.experiment,
      state.status,
      new Date(state.startedAt).toISOString().slice(0, 19).replace("T", " "),
      String(state.cells.length),
      countsText(state),
    ]),
  );

function statusText(state: SweepState, queue: QueueStates, paint: Colours): string {
  const colour = { done: paint.green, cached: paint.green, failed: paint.red } as {
    readonly [status: string]: (text: string) => string;
  };
  const names = namesOf(state);
  const rows = [...state.stages.values()].map((stage) => [
    stage.record.fingerprint.slice(0, 10),
    names.stage(stage.record.fingerprint),
    (colour[stage.status] ?? String)(stage.status),
    String(stage.attempts),
    stage.seconds > 0 ? durationText(stage.seconds) : "-",
    [queue.get(stage.record.fingerprint), whereText(stage, names)].filter(Boolean).join("; "),
  ]);
  const paid = paymentsText(state, names, paint.dim);
  const ended = ((state.endedAt ?? state.time) - state.startedAt) / 1000;
  const retried = [...state.stages.values()].filter(({ retries }) => retries.length > 0);
  const failures = [...state.stages.values()].filter((stage) => stage.error !== null);
  return [
    `${paint.bold(state.experiment)}, sweep ${state.sweep}: ${state.status}` +
      (state.status === "running" ? `, process ${state.process} on ${state.host}` : "") +
      (state.status !== "running" && queue.size > 0
        ? "; its jobs go on, and r4ec resume comes back to them"
        : ""),
    `${state.cells.length} cells; stages: ${countsText(state)}; run ${state.runs}, ` +
      `${durationText(ended)}`,
    "",
    formatTable(["stage", "what", "status", "starts", "time", ""], rows, paint.dim),
    ...(paid === null ? [] : ["", paid]),
    ...[...state.stages.values()].flatMap((stage) =>
      remarksOf(stage).map((remark) => `\n${names.stage(stage.record.fingerprint)}: ${remark}`),
    ),
    ...retried.flatMap(({ record, retries }) =>
      retries.map((retry) => `\n${names.stage(record.fingerprint)}: ${retryText(retry)}`),
    ),
    ...failures.map(({ record, error }) =>
      [
        `\n${paint.red(names.stage(record.fingerprint))}: ${error!.message}`,
        ...errorDetails(error!),
      ].join("\n"),
    ),
  ].join("\n");
}

/** What a reader of a stage's result has to know: its marks, each with its name, and its warnings. */
const remarksOf = ({ notes, result }: StageState): readonly string[] => [
  ...Object.entries(result?.marks ?? {}).map(([name, text]) => `${name}: ${text}`),
  ...new Set(notes.filter(({ severity }) => severity === "warning").map(({ message }) => message)),
];

/** The progress of a stage: the last values of its curves, or why it does not run. */
function whereText(stage: StageState, names: Names): string {
  if (stage.because !== null) return `${names.stage(stage.because)} failed`;
  if (stage.result !== null) return "";
  const point = stage.metrics.at(-1);
  if (point === undefined) return "";
  const values = Object.entries(point.values).slice(0, 3);
  return `step ${point.step}: ${values.map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(", ")}`;
}
