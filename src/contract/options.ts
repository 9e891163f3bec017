/*
 * Arguments and options that commands of the engine and of the science share, so that each has one
 * name, one type and one description on the whole command line. For yargs.
 */

/** The positional `file`. */
export const specFile = { type: "string", demandOption: true, describe: "the spec" } as const;

/** True for a word such as `path=value` or `path!=value`. */
export const isCondition = (word: string): boolean => /^[^\s=!]+\s*!?=/.test(word);

/**
 * Parts the words of a call into those that name a cell and those behind: settings (`rate=1 seed=2`) as
 * far as they go, else the first word.
 */
export function splitCell(words: readonly string[]): {
  readonly cell: string;
  readonly rest: readonly string[];
} {
  const other = words.findIndex((word) => !isCondition(word));
  const count = other < 0 ? words.length : Math.max(other, 1);
  return { cell: words.slice(0, count).join(" "), rest: words.slice(count) };
}

/** The positional `sweep`: a sweep of the store; what it means to leave it out is the command's. */
export const knownSweep = {
  type: "string",
  describe: "a spec, an experiment's name or an id",
} as const;

/** The option `--only`, once for each selector. */
export const onlyCells = {
  type: "string",
  array: true,
  describe: "only some cells: path=value[,path=value], a cell's name, or the beginning of its id",
} as const;

/** The option `--json`. */
export const jsonOutput = { type: "boolean", default: false, describe: "print JSON" } as const;

/** The positional arguments behind a spec where a command looks at cells of it. */
export const specCells = {
  type: "string",
  array: true,
  describe:
    "cells of the spec: settings of its axes (seed=1), a name or an id; other settings stand in place of its own",
} as const;

/** The positional arguments behind a spec: settings that replace some of its own. */
export const specOverrides = {
  type: "string",
  array: true,
  describe: "settings in place of the spec's: PATH=VALUE, or ~PATH to remove one",
} as const;
