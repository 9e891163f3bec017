import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.js";
import { ExitCode } from "../../src/base/exit.js";
import { ensure } from "../../src/toolchain/index.js";
import { BINDING_VARIABLE } from "../../runners/base/tensorflow.js";
import { readCase } from "../../runners/stages/ctr/parity/case.js";
import type { CaseResult, Compared } from "../../runners/stages/ctr/parity/check.js";

/**
 * `npm run parity -- DIR`: recomputes every golden case (*.json) of a folder and prints a line each
 * with its largest errors. Exit status 1 on a mismatch, 2 where there is nothing to check.
 */
async function main(folder: string | undefined): Promise<number> {
  if (folder === undefined)
    return complain("name the folder of golden cases: npm run parity -- DIR");
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => file.endsWith(".json")).sort();
  } catch (error) {
    return complain(`${folder} can't be read: ${(error as Error).message}`);
  }
  if (files.length === 0) return complain(`${folder} holds no .json file`);
  const fault = await provideTensorFlow();
  if (fault !== null) return complain(fault, ExitCode.environment);
  const { checkCase } = await import("../../runners/stages/ctr/parity/check.js");
  const width = Math.max(...files.map((file) => file.length));
  let failed = 0;
  for (const file of files) {
    let line: string;
    try {
      const result = checkCase(await readCase(join(folder, file)));
      if (result.mismatches.length > 0) failed++;
      line = describe(result);
    } catch (error) {
      failed++;
      line = `FAILED    ${(error as Error).message}`;
    }
    process.stdout.write(`${file.padEnd(width)}  ${line}\n`);
  }
  process.stdout.write(`${files.length - failed} of ${files.length} cases agree\n`);
  return failed > 0 ? 1 : 0;
}

function describe({ worst, mismatches, leftOut }: CaseResult): string {
  const errors = Object.entries(worst).map(([kind, { error, where }]) => {
    const bad = mismatches.includes(kind as Compared);
    return `${kind} ${error.toExponential(1)}${bad && where !== "" ? ` (${where})` : ""}`;
  });
  const without = leftOut.map(({ name, because }) => `; without ${name} after: ${because}`);
  const verdict = mismatches.length === 0 ? "ok" : `MISMATCH in ${mismatches.join(", ")}`;
  return `${verdict.padEnd(8)}  ${errors.join("  ")}${without.join("")}`;
}

/** Installs TensorFlow where the environment names none; what is wrong, or null. */
async function provideTensorFlow(): Promise<string | null> {
  if (process.env[BINDING_VARIABLE] !== undefined) return null;
  const config = await loadConfig({ cwd: process.cwd() });
  if (!config.ok) return config.error.map(({ message }) => message).join("; ");
  const ready = await ensure(["tensorflow"], [], config.value, ({ text, transient }) => {
    if (!transient) process.stderr.write(`${text}\n`);
  });
  if (!ready.ok) return ready.error.message;
  Object.assign(process.env, ready.value.environment);
  return null;
}

function complain(message: string, status: ExitCode = ExitCode.usage): ExitCode {
  process.stderr.write(`parity: ${message}\n`);
  return status;
}

process.exitCode = await main(process.argv[2]);
