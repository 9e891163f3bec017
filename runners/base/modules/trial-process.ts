import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Json } from "../../../src/base/json.js";
import { PACKAGE_ROOT, packageFile } from "../../../src/base/package.js";
import type { Fault } from "./place.js";

/** What a program that tries a module found, or why it could not try it. */
export type TrialEnd =
  | { readonly faults: readonly Fault[] }
  | {
      readonly faults: null;
      /** The last words of the program. */
      readonly why: string;
      readonly timedOut: boolean;
    };

/**
 * Runs a program that tries a module of the user's, in a process of its own: the module may end it, or never end.
 * The program prints the faults as one line of JSON, the last one.
 *
 * @param program URL of the compiled program, beside the file that asks
 * @param argument what it is given, as JSON
 */
export async function runTrial(
  program: URL,
  argument: Json | object,
  { seconds, env = {} }: { readonly seconds: number; readonly env?: NodeJS.ProcessEnv },
): Promise<TrialEnd> {
  const here = fileURLToPath(program);
  // Where r4ec runs from its sources, what was compiled does the work.
  const file = existsSync(here) ? here : packageFile(`dist/${path.relative(PACKAGE_ROOT, here)}`);
  const { execa } = await import("execa");
  const { stdout, stderr, failed, timedOut } = await execa(
    process.execPath,
    ["--enable-source-maps", file, JSON.stringify(argument)],
    { reject: false, stdin: "ignore", timeout: seconds * 1000, env },
  );
  const last = stdout.split("\n").at(-1) ?? "";
  if (!failed && last.startsWith("[")) return { faults: JSON.parse(last) as Fault[] };
  return { faults: null, why: stderr.trim().split("\n").at(-1) ?? "no message", timedOut };
}
