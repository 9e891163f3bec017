import pc from "picocolors";
import type { CommandModule } from "yargs";
import type { Config, Origin } from "../config.js";
import type { ConfigFlags } from "../config-load.js";
import { ExitCode } from "../exit.js";
import type { Check } from "../toolchain/doctor.js";
import { examine, isHealthy } from "../toolchain/doctor.js";
import { maskAddresses } from "../toolchain/program.js";
import { commandConfig } from "./settings.js";

interface Arguments extends ConfigFlags {
  readonly json: boolean;
}

/** A setting as `doctor` shows it. */
interface ShownSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** `r4ec doctor`: looks at everything a sweep needs and says how to mend what is broken. */
export const doctorCommand = (): CommandModule<object, Arguments> => ({
  command: "doctor",
  describe: "Check every part of the toolchain and show where each setting comes from",
  builder: (yargs) =>
    yargs.option("json", { type: "boolean", default: false, describe: "Print the result as JSON" }),
  async handler({ json, ...flags }) {
    const config = await commandConfig(flags);
    if (!json && process.stderr.isTTY) process.stderr.write("looking (some seconds) ...\r");
    const checks = await examine(config);
    const fine = isHealthy(checks);
    if (!fine) process.exitCode = ExitCode.environment;
    const settings = shownSettings(config);
    if (json) {
      process.stdout.write(`${JSON.stringify({ ok: fine, checks, settings }, null, 2)}\n`);
      return;
    }
    process.stdout.write(
      `${[...checks.map(checkLine), "", ...settingLines(settings)].join("\n")}\n`,
    );
    process.stdout.write(`\n${verdict(checks)}\n`);
  },
});

const MARKS = {
  ok: pc.green("ok     "),
  warning: pc.yellow("warning"),
  missing: pc.yellow("missing"),
  failed: pc.red("FAILED "),
} as const;

function checkLine(check: Check): string {
  const [first = "", ...more] = check.detail.split("\n");
  const mark = check.state === "missing" && check.needed ? pc.red("MISSING") : MARKS[check.state];
  const indent = " ".repeat(24);
  return [
    `${mark} ${check.name.padEnd(15)} ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...(check.mend === null ? [] : [`${indent}mend: ${check.mend}`]),
  ].join("\n");
}

function shownSettings(config: Config): ShownSetting[] {
  const text = (value: unknown): string => {
    if (value === null) return "a local server";
    if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(",");
    return maskAddresses(String(value));
  };
  return Object.entries(config).map(([name, setting]) => ({
    name,
    value: text((setting as Config["store"]).value),
    origin: (setting as Config["store"]).origin,
  }));
}

function settingLines(settings: readonly ShownSetting[]): string[] {
  return settings.map(({ name, value, origin }) => {
    const source = origin.name === null ? origin.kind : `${origin.kind} ${origin.name}`;
    return `setting ${name.padEnd(15)} ${value}  ${pc.dim(`(${source})`)}`;
  });
}

function verdict(checks: readonly Check[]): string {
  const broken = checks.filter((check) => check.needed && !["ok", "warning"].includes(check.state));
  return broken.length === 0
    ? "Sweeps can run here."
    : `Sweeps cannot run here yet: ${broken.map((check) => check.name).join(", ")}.`;
}
