import type { CommandModule } from "yargs";
import type { Diagnostic } from "../base/diagnostic.js";
import { UserError } from "../base/exit.js";
import type { idleAxes as IdleAxes, Plan, StagePresence } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import type { Names } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, onlyCells, specFile, specOverrides } from "../contract/options.js";
import { namesOf } from "../cells/index.js";
import { sweepFolder } from "../journal/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { keptBy } from "./only-cells.js";
import { loadExperiment, configOf, showDiagnostics, showOrRefuse } from "./experiment.js";
import { cardRemarks } from "./cards.js";
import { estimateAsJson, estimateAsText, estimatePlan } from "./estimate.js";
import { formatTable } from "../base/table.js";
import type { Colours } from "../base/terminal.js";
import { colours, printJson, printLine, write } from "../base/terminal.js";
import { queueStates } from "./queue-states.js";
import { variableRemarks } from "./variables.js";

interface PlanArguments extends GlobalArguments, OverrideArguments {
  readonly file: string;
  readonly only?: readonly string[] | undefined;
  readonly json: boolean;
  readonly estimate: boolean;
  readonly summary: boolean;
  readonly mermaid: boolean;
  readonly svg: boolean;
}

/** `plan FILE`: cells, stages, what is cached and what would run. Changes nothing. */
export const planCommand = (science: Science): CommandModule<object, PlanArguments> => ({
  command: "plan <file> [overrides..]",
  describe: "show the cells and stages of a spec, what is cached and what would run",
  builder: (yargs) =>
    yargs
      .positional("file", specFile)
      .positional("overrides", specOverrides)
      .option("only", onlyCells)
      .option("estimate", {
        type: "boolean",
        default: false,
        describe: "estimate time, tokens, GPU hours and US dollars of what would run",
      })
      .option("summary", {
        type: "boolean",
        default: false,
        describe: "with --estimate: print the sums alone, without cells and stages",
      })
      .option("mermaid", {
        type: "boolean",
        default: false,
        describe: "print the graph as a Mermaid flowchart: a node for each kind of stage",
      })
      .option("svg", { type: "boolean", default: false, describe: "print the same picture as SVG" })
      .option("json", jsonOutput),
  handler: async (args) => {
    if ([args.json, args.mermaid, args.svg].filter(Boolean).length > 1) {
      throw new UserError("choose one of --json, --mermaid and --svg");
    }
    if (args.summary && !args.estimate) {
      throw new UserError("--summary needs --estimate: it prints the sums of the estimate");
    }
    const experiment = await loadExperiment(args.file, science, args.overrides, args.estimate);
    const config = await configOf(args, experiment);
    await showOrRefuse(await cardRemarks(experiment, config));
    const { FileHashes, lookAtStages, makePlan, narrowPlan, orAbsent, parseSelector } =
      await import("../plan/index.js");
    const { idleAxes, pictureAsMermaid, pictureAsSvg, pictureOf } =
      await import("../plan/index.js");
    const { Store } = await import("../store/index.js");
    const hashes = new FileHashes(config.store.value);
    const files = args.estimate ? orAbsent(hashes) : hashes;
    const whole = await makePlan(experiment, science, files);
    const names = namesOf({ ...whole, resolved: experiment.resolved });
    const select = (words: readonly string[]): ReturnType<typeof parseSelector> =>
      parseSelector(words, whole.cells, science.expand);
    const plan =
      args.only === undefined
        ? whole
        : narrowPlan(whole, keptBy(args.only, whole.cells, names, select));
    const presence = await lookAtStages(plan, new Store(config.store.value));
    await showOrRefuse(variableRemarks(experiment, plan, presence));
    await showDiagnostics(idleRemarks(experiment, whole, idleAxes));
    const estimate = args.estimate ? await estimatePlan(experiment, config, plan, presence) : null;
    if (args.mermaid || args.svg) {
      const picture = pictureOf(experiment.name, plan, presence);
      const text = args.svg ? await pictureAsSvg(picture) : pictureAsMermaid(picture);
      await write(process.stdout, text);
      return;
    }
    if (args.json) {
      const told = estimate === null ? {} : { estimate: estimateAsJson(estimate) };
      const graph = args.summary ? {} : planAsJson(plan, presence, names);
      await printJson({ ...graph, ...told });
      return;
    }
    const paint = colours(process.stdout);
    const queue = await queueStates(sweepFolder(config.store.value, whole.sweep));
    const parts = args.summary
      ? []
      : [planAsText(experiment.name, plan, presence, paint, names, queue)];
    if (estimate !== null) parts.push(estimateAsText(plan, estimate, paint));
    await printLine(parts.join("\n\n"));
  },
});

/** A hint for each axis that changes nothing. */
function idleRemarks(experiment: Experiment, plan: Plan, idleAxes: typeof IdleAxes): Diagnostic[] {
  const stages = new Map(plan.cells.map(({ id, stage }) => [id, stage]));
  const idle = idleAxes(experiment.axes, experiment.cells, (id) => stages.get(id)!);
  return idle.map(({ path, values }) => {
    const shown = values.map((value) => JSON.stringify(value)).join(", ");
    const message = `the axis ${path} changes nothing: cells that differ in it alone (${shown}) have the same stages, so they are one result counted several times`;
    return { severity: "hint", message, ...experiment.placeOf("sweep"), path };
  });
}

/** The plan in the form that other programs read. */
export function planAsJson(
  plan: Plan,
  presence: ReadonlyMap<string, StagePresence>,
  names: Names,
): { cells: unknown[]; stages: unknown[] } {
  return {
    cells: plan.cells.map(({ id, settings, stage }) => ({
      id,
      name: names.cell(id),
      settings,
      stage,
    })),
    stages: [...plan.stages].map(([fingerprint, { record, needs }]) => ({
      fingerprint,
      runner: record.runner,
      label: record.label,
      name: names.stage(fingerprint),
      cached: presence.get(fingerprint)?.manifest != null,
      needs,
    })),
  };
}

/** Digits of a fingerprint that people are shown. */
export const short = (fingerprint: string): string => fingerprint.slice(0, 10);

/** The plan for people. */
export function planAsText(
  name: string,
  plan: Plan,
  presence: ReadonlyMap<string, StagePresence>,
  paint: Colours,
  names: Names,
  queue: ReadonlyMap<string, string> = new Map(),
): string {
  const stateOf = (fingerprint: string): string => {
    const seen = presence.get(fingerprint)!;
    if (seen.manifest !== null) return paint.green("cached");
    if (seen.damage !== null) return paint.yellow(`damaged (${seen.damage}), to make again`);
    if (!seen.wouldRun) return paint.dim("not needed");
    const job = queue.get(fingerprint);
    return paint.cyan(job === undefined ? "to run" : `to run: ${job}`);
  };
  const usedBy = new Map<string, number>();
  for (const { needs } of plan.stages.values()) {
    for (const need of needs) usedBy.set(need, (usedBy.get(need) ?? 0) + 1);
  }
  const stages = [...plan.stages].map(([fingerprint, { record, needs, cells }]) => [
    short(fingerprint),
    record.runner,
    names.stage(fingerprint),
    needs.map(short).join(" ") || "-",
    String(Math.max(usedBy.get(fingerprint) ?? 0, cells.length)),
    stateOf(fingerprint),
  ]);
  const cells = plan.cells.map((cell) => [
    cell.id,
    names.cell(cell.id),
    short(cell.stage),
    stateOf(cell.stage),
  ]);
  const all = [...presence.values()];
  const cached = all.filter((one) => one.manifest !== null).length;
  const toRun = all.filter((one) => one.wouldRun).length;
  const dim = (text: string): string => paint.dim(text);
  return [
    `${paint.bold(name)}, sweep ${plan.sweep}: ${count(cells.length, "cell")}, ` +
      `${count(stages.length, "stage")} (${cached} cached, ${toRun} to run)`,
    "",
    formatTable(["stage", "runner", "what", "needs", "used by", "state"], stages, dim),
    "",
    formatTable(["cell", "name", "stage", "state"], cells, dim),
  ].join("\n");
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;
