import type { CommandModule } from "yargs";
import type { Config, Origin } from "../config/config.js";
import { redact } from "../base/redact.js";
import { ExitCode } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, specOverrides } from "../contract/options.js";
import type { UserProgram } from "../contract/user-program.js";
import type { Diagnosis } from "../doctor/diagnosis.js";
import type { Experiment } from "../spec/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf, loadExperiment } from "./experiment.js";
import type { Colours } from "../base/terminal.js";
import { colours, printJson, printLine, write } from "../base/terminal.js";

interface Arguments extends GlobalArguments, OverrideArguments {
  readonly json: boolean;
}

/** A setting as `doctor` shows it. */
interface ShownSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** `r4ec doctor [FILE]`: looks at everything a sweep needs and says how to mend what is broken. */
export const doctorCommand = (science: Science): CommandModule<object, Arguments> => ({
  command: "doctor [file] [overrides..]",
  describe: "check every part of the toolchain and show where each setting comes from",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        describe: "a spec, whose environments and programs are looked at too",
      })
      .positional("overrides", specOverrides)
      .option("json", jsonOutput),
  async handler({ json, overrides, ...flags }) {
    const { file } = flags;
    const spec =
      file === undefined ? undefined : await loadExperiment(file, science, overrides, true);
    const config = await configOf(flags, spec, { quiet: true });
    const programs = spec === undefined ? [] : await programsOf(spec, science);
    const { examine, isHealthy } = await import("../doctor/examine.js");
    if (!json && process.stderr.isTTY) await write(process.stderr, "looking, some seconds ...\r");
    const checks = await examine(config, science.environments, programs);
    const fine = isHealthy(checks);
    if (!fine) process.exitCode = ExitCode.environment;
    const settings = shownSettings(config);
    if (json) return printJson({ ok: fine, checks, settings });
    const paint = colours(process.stdout);
    for (const check of checks) await printLine(diagnosisLine(check, paint));
    await printLine("");
    for (const setting of settings) await printLine(settingLine(setting, paint));
    await printLine(`\n${verdict(checks)}`);
  },
});

/** The programs of the user's own that the cells of a spec run, each once. */
async function programsOf(
  { cells, folder }: Experiment,
  science: Science,
): Promise<readonly UserProgram[]> {
  const { kindsOfCells } = await import("../spec/index.js");
  const all = [...kindsOfCells(cells)].flatMap(
    ({ settings }) => science.programs?.(settings, { folder }) ?? [],
  );
  return [...new Map(all.map((program) => [JSON.stringify(program), program])).values()];
}

function diagnosisLine(check: Diagnosis, paint: Colours): string {
  const [first = "", ...more] = check.detail.split("\n");
  const colour = {
    ok: paint.green,
    warning: paint.yellow,
    missing: paint.yellow,
    failed: paint.red,
  };
  const paintState = check.needed && check.state === "missing" ? paint.red : colour[check.state];
  const indent = " ".repeat(24);
  return [
    `${paintState(check.state.padEnd(7))} ${check.name.padEnd(15)} ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...(check.mend === null ? [] : [`${indent}to repair: ${check.mend}`]),
  ].join("\n");
}

function shownSettings(config: Config): ShownSetting[] {
  const text = (value: unknown): string => {
    if (value === null) return "a local server";
    if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(",");
    return redact(String(value));
  };
  const { store, toolchain, mlflowUri, mlflowArtifacts, gpus, offline } = config;
  const settings = { store, toolchain, mlflowUri, mlflowArtifacts, gpus, offline };
  return Object.entries(settings).map(([name, { value, origin }]) => ({
    name,
    value: text(value),
    origin,
  }));
}

function settingLine({ name, value, origin }: ShownSetting, paint: Colours): string {
  const source = origin.name === null ? origin.kind : `${origin.kind} ${origin.name}`;
  return `setting ${name.padEnd(15)} ${value}  ${paint.dim(`(${source})`)}`;
}

function verdict(checks: readonly Diagnosis[]): string {
  const broken = checks.filter((check) => check.needed && !["ok", "warning"].includes(check.state));
  return broken.length === 0
    ? "Sweeps can run here."
    : `Sweeps cannot run here yet: ${broken.map((check) => check.name).join(", ")}.`;
}
