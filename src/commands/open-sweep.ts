import { stat } from "node:fs/promises";
import { ExitCode, UserError } from "../base/exit.js";
import type { Config } from "../config/config.js";
import type { Science } from "../contract/science.js";
import { readSweep } from "../journal/index.js";
import type { ComparedSweep } from "../report/index.js";
import type { Experiment } from "../spec/index.js";
import { findSweep } from "./find-sweep.js";

/** Sweeps as arguments of a command, with settings behind specs. For yargs. */
export const knownSweeps = {
  type: "string",
  array: true,
  describe:
    "specs' files, sweeps' ids or experiments' names; behind a spec, settings in place of its own (PATH=VALUE, or ~PATH); default: the last sweep",
} as const;

/** A sweep as a call names it; without a word the last one is meant. */
export interface NamedSweep {
  readonly word: string | undefined;
  readonly overrides: readonly string[];
}

/** The words of a call: sweeps, each with the settings that stand behind it. */
export async function sweepWords(words: readonly string[]): Promise<[NamedSweep, ...NamedSweep[]]> {
  const named: { word: string | undefined; overrides: string[] }[] = [];
  for (const word of words) {
    const isSetting = /^~|=/.test(word) && (await stat(word).catch(() => null)) === null;
    if (!isSetting) named.push({ word, overrides: [] });
    else if (named.length > 0) named.at(-1)!.overrides.push(word);
    else throw new UserError(`${word} stands before any spec that it could change`);
  }
  const [first = { word: undefined, overrides: [] }, ...others] = named;
  return [first, ...others];
}

/** Reads the journal of a sweep and, where its spec was named, the spec as it stands now. */
export async function openSweep(
  { word, overrides }: NamedSweep,
  config: Config,
  science: Science,
): Promise<ComparedSweep> {
  const found = await findSweep(config, science, word, overrides);
  const { state, damage } = await readSweep(found.folder);
  if (state === null) {
    const why = damage[0]?.reason ?? "it is empty";
    throw new UserError(`the journal of sweep ${found.sweep} cannot be read: ${why}`, {
      exitCode: ExitCode.environment,
    });
  }
  const experiment = (await specOf(word, science, overrides)) ?? undefined;
  return { state, damage, experiment };
}

/** The spec, where a sweep is named by it: its `compare` and `select` as they stand now count. */
async function specOf(
  word: string | undefined,
  science: Science,
  overrides: readonly string[] = [],
): Promise<Experiment | null> {
  if (word === undefined || (await stat(word).catch(() => null))?.isFile() !== true) return null;
  const { loadSpec } = await import("../spec/index.js");
  const spec = loadSpec(word, science, { overrides });
  return spec.ok ? spec.value : null;
}
