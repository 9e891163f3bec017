import { stat } from "node:fs/promises";
import path from "node:path";
import type { CommandModule } from "yargs";
import type * as YamlPackage from "yaml";
import { lazily } from "../base/lazily.js";
import { openFolder } from "../base/folder.js";
import type { Config } from "../config/config.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import { redactJson } from "../base/redact.js";
import { printJson, printLine, write } from "../base/terminal.js";
import { jsonOutput } from "../contract/options.js";
import type { CellRecord, StageRecord } from "../contract/records.js";
import type { Science } from "../contract/science.js";
import type { SweepState } from "../journal/index.js";
import { readSpecPlace, readSweep } from "../journal/index.js";
import type { Plan } from "../plan/index.js";
import { writeDurable } from "../store/index.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf, loadExperiment } from "./experiment.js";
import { findCell, planOfCell } from "./find-cell.js";
import { findSweep } from "./find-sweep.js";
import { countedOnce, surroundingsNow, surroundingsText } from "./surroundings.js";

const yaml = lazily<typeof YamlPackage>("yaml");

interface ReproduceArguments extends GlobalArguments {
  readonly what: readonly string[];
  readonly out: string;
  readonly json: boolean;
}

/** What is to be made again: a sweep, or one cell of it. */
interface Wanted {
  readonly state: SweepState;
  readonly folder: string;
  readonly cells: readonly CellRecord[];
  /** Every stage behind the cells, as the journal has it. */
  readonly stages: readonly StageRecord[];
  readonly name: string;
}

/** `reproduce CELL | SWEEP`: a spec that makes a cell or a sweep again, and a lock of what it was made from. */
export const reproduceCommand = (science: Science): CommandModule<object, ReproduceArguments> => ({
  command: "reproduce <what..>",
  describe: "write the spec that makes a cell or a sweep again, and what it was made from",
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "a cell: settings (rate=1 seed=2), its name, or its id; or a sweep's id or its experiment's name; or the id of a run in MLflow",
      })
      .option("out", {
        type: "string",
        default: "reproduction",
        describe: "the folder to write spec.yaml and lock.json into",
      })
      .option("json", jsonOutput),
  handler: async (args) => {
    const config = await configOf(args);
    const wanted = await wantedOf(config.store.value, args.what.join(" "), science, () =>
      findSweep(config, science, args.what.join(" ")),
    );
    const out = path.resolve(args.out);
    const files = { spec: path.join(out, "spec.yaml"), lock: path.join(out, "lock.json") };
    for (const file of Object.values(files)) {
      if ((await stat(file).catch(() => null)) !== null) {
        throw new UserError(`${file} is there already`, {
          exitCode: ExitCode.usage,
          hint: "name another folder with --out",
        });
      }
    }
    await openFolder(out);
    await writeDurable(files.spec, await specText(wanted, science, out));
    await writeDurable(files.lock, `${JSON.stringify(await lockOf(wanted, science), null, 2)}\n`);
    const changed = await changesSince(files.spec, wanted, science, config.store.value);
    const around = await surroundingsSince(wanted, science, config);
    if (args.json) {
      await printJson({ ...files, exact: changed.length === 0, changed, environment: around });
    } else {
      const whether =
        changed.length === 0
          ? "exactly: all stages have the fingerprints that they had"
          : "with other inputs or another version of the program than then (see above)";
      for (const line of changed) await write(process.stderr, `warning: ${line}\n`);
      for (const line of around) await write(process.stderr, `note: ${line}\n`);
      await printLine(`r4ec sweep ${files.spec} makes ${wanted.name} again, ${whether}`);
    }
  },
});

async function wantedOf(
  store: string,
  word: string,
  science: Science,
  sweepOf: () => Promise<{ readonly folder: string }>,
): Promise<Wanted> {
  const cell = await findCell(store, word, science.expand);
  if (cell !== null) {
    const { cells, stages } = planOfCell(cell);
    return {
      state: cell.state,
      folder: cell.sweep.folder,
      cells,
      stages: [...stages.values()].map(({ record }) => record),
      name: cell.names.cell(cell.cell.id),
    };
  }
  const { folder } = await sweepOf();
  const { state, damage } = await readSweep(folder);
  if (state === null) {
    throw new UserError(`its journal cannot be read: ${damage[0]?.reason ?? "it is empty"}`, {
      exitCode: ExitCode.environment,
    });
  }
  const stages = [...state.stages.values()].map(({ record }) => record);
  return { state, folder, cells: state.cells, stages, name: `sweep ${state.sweep}` };
}

/**
 * The spec as the journal keeps it, short forms written out and paths as the new folder needs them. For a
 * single cell without its sweep.
 */
async function specText(wanted: Wanted, science: Science, out: string): Promise<string> {
  const { nestedSettings, rebased } = await import("../spec/index.js");
  const { state, cells, folder } = wanted;
  const place = await readSpecPlace(folder);
  if (place === null) {
    throw new UserError(
      "it is not known in which folder its spec was, so that its files cannot be found",
      {
        exitCode: ExitCode.usage,
      },
    );
  }
  const { sweep, compare, select, ...rest } = state.resolved;
  const whole = cells.length === state.cells.length && sweep !== undefined;
  const written = whole
    ? {
        ...rest,
        sweep,
        ...(compare === undefined ? {} : { compare }),
        ...(select === undefined ? {} : { select }),
      }
    : {
        ...without(rest, Object.keys(science.fragments)),
        ...nestedSettings(cells[0]!.settings, science.blockNames),
        // Under a name of its own, so that the sweep's name still means the sweep.
        name: `${state.experiment}-again`,
      };
  const moved = rebased(redactJson(written), { from: path.dirname(place), to: out }, science);
  const head = `# Makes ${wanted.name} of ${state.experiment} again (lock.json says what it was made from).\n`;
  return head + yaml().stringify(moved);
}

const without = (settings: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !keys.includes(key)));

/** What the results were made from, as the journal has it. */
async function lockOf({ state, cells, stages }: Wanted, science: Science): Promise<object> {
  const { toolchainOf } = await import("../plan/index.js");
  const { parts, environments } = await toolchainOf(stages, science);
  return {
    format: "r4ec-lock/1",
    experiment: state.experiment,
    sweep: state.sweep,
    code: { version: state.codeVersion, commit: state.gitCommit },
    host: state.host,
    started: new Date(state.startedAt).toISOString(),
    toolchain: parts,
    environments: Object.fromEntries(environments.map(({ part, lists }) => [part, lists])),
    cells: cells.map(({ id, stage, settings }) => ({
      id,
      stage,
      settings: redactJson({ ...settings }),
      metrics: state.stages.get(stage)?.result?.metrics ?? null,
    })),
    stages: stages.map(({ params, ...record }) => ({
      ...{ ...record, params: redactJson(params) },
      ran_in: state.stages.get(record.fingerprint)?.result?.surroundings ?? null,
    })),
  };
}

/** In what stages ran that is otherwise on this machine now, a sentence each. */
async function surroundingsSince(
  { state, stages }: Wanted,
  science: Science,
  config: Config,
): Promise<string[]> {
  const { surroundingsChanged } = await import("../plan/index.js");
  const now = await surroundingsNow(stages, science, config);
  const all = stages.flatMap(({ fingerprint }) =>
    surroundingsChanged(
      state.stages.get(fingerprint)?.result?.surroundings,
      now.get(fingerprint),
    ).map(surroundingsText),
  );
  return [...countedOnce(all)].map(
    ([text, count]) => `${text} (${count} ${count === 1 ? "stage" : "stages"})`,
  );
}

/** In what the stages of the written spec differ from those of the journal, a sentence each. */
async function changesSince(
  file: string,
  { cells, stages }: Wanted,
  science: Science,
  store: string,
): Promise<string[]> {
  const { differencesOf, FileHashes, makePlan } = await import("../plan/index.js");
  const experiment = await loadExperiment(file, science);
  const plan: Plan = await makePlan(experiment, science, new FileHashes(store));
  const ids = new Set(plan.cells.map(({ id }) => id));
  const lost = cells.filter(({ id }) => !ids.has(id));
  if (lost.length > 0) {
    throw new UserError(
      `this version of r4ec reads the settings of cell ${lost[0]!.id} otherwise than they were read then`,
      {
        exitCode: ExitCode.environment,
        hint: "take the version that lock.json names",
      },
    );
  }
  const before = new Map(stages.map((record) => [record.fingerprint, record]));
  const lines: string[] = [];
  const seen = new Set<string>();
  const compare = (old: Fingerprint, now: Fingerprint): void => {
    if (old === now || seen.has(`${old} ${now}`)) return;
    seen.add(`${old} ${now}`);
    const [a, b] = [before.get(old), plan.stages.get(now)?.record];
    if (a === undefined || b === undefined) return;
    for (const { what, name, before: from, now: to } of differencesOf(a, b)) {
      // What changed behind an input is said of the stage behind it.
      if (what === "input" && from !== null && to !== null)
        compare(from as Fingerprint, to as Fingerprint);
      else
        lines.push(
          `${b.label}: ${what} ${name} was ${from ?? "nothing"} and is ${to ?? "nothing"}`,
        );
    }
  };
  for (const { id, stage } of cells) {
    compare(stage, plan.cells.find((one) => one.id === id)!.stage);
  }
  return lines;
}
