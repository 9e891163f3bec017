import { pathToFileURL } from "node:url";
import { UserError } from "../../../src/base/exit.js";

/** What is wrong with a module of the user's, where it shows in it. */
export interface Fault {
  /** Absolute path of the module. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A mistake in a module that an error of its code shows: the innermost line of the module in the stack, else its first line. */
export const faultIn = (file: string, error: unknown): Fault => ({
  file,
  ...placeIn(file, error),
  message: wordsOf(error),
});

function placeIn(file: string, error: unknown): { readonly line: number; readonly column: number } {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`);
    const [, line, column] =
      /^:(\d+):(\d+)/u.exec(at < 0 ? "" : stack.slice(at + name.length)) ?? [];
    if (line !== undefined) return { line: Number(line), column: Number(column) };
  }
  return { line: 1, column: 1 };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}`;
  const [first = ""] = error.message.split("\n");
  return error instanceof UserError && error.hint !== undefined
    ? `${first}; ${error.hint}`
    : `${error.name === "Error" ? "" : `${error.name}: `}${first}`;
}
