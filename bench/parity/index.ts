import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ExitCode } from "../../src/base/exit.js";
import { readCase } from "../../runners/stages/ctr/parity/case.js";
import { rewritesWithout, type Rewrites } from "../../runners/stages/ctr/rewrites/index.js";
import { provideTensorFlow } from "../tensorflow.js";
import type { CaseResult, Compared } from "../../runners/stages/ctr/parity/compare.js";

/**
 * `npm run parity -- DIR`: recomputes every golden case (*.json) of a folder and prints a line each
 * with its largest errors. `--without REWRITE` (several times, if need be) switches a rewrite of the
 * engine off. Exit status 1 on a mismatch, 2 where there is nothing to check or an argument is wrong.
 */
async function main(args: readonly string[]): Promise<ExitCode> {
  let folder: string | undefined;
  let rewrites: Rewrites;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { without: { type: "string", multiple: true, default: [] } },
    });
    [folder] = positionals;
    rewrites = rewritesWithout(values.without);
  } catch (error) {
    return complain((error as Error).message);
  }
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
  const { compareCase } = await import("../../runners/stages/ctr/parity/compare.js");
  const width = Math.max(...files.map((file) => file.length));
  let failed = 0;
  for (const file of files) {
    let line: string;
    try {
      const result = compareCase(await readCase(join(folder, file)), rewrites);
      if (result.mismatches.length > 0) failed++;
      line = describe(result);
    } catch (error) {
      failed++;
      line = `FAILED    ${(error as Error).message}`;
    }
    process.stdout.write(`${file.padEnd(width)}  ${line}\n`);
  }
  process.stdout.write(`${files.length - failed} of ${files.length} cases agree\n`);
  return failed > 0 ? ExitCode.cellsFailed : ExitCode.done;
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

function complain(message: string, status: ExitCode = ExitCode.usage): ExitCode {
  process.stderr.write(`parity: ${message}\n`);
  return status;
}

process.exitCode = await main(process.argv.slice(2));
