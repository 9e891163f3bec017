import { science } from "../../runners/registry.js";
import type { Experiment } from "../../src/spec/index.js";
import { readSpec } from "../../src/spec/load.js";

/** Reads a spec's text as if it stood in a folder. */
export const readIn = (folder: string, text: string) =>
  readSpec({ file: "spec.yaml", folder, text }, science);

/** The experiment of a text that must be right. */
export function experimentIn(folder: string, text: string): Experiment {
  const spec = readIn(folder, text);
  if (!spec.ok) throw new Error(spec.error.map(({ message }) => message).join("\n"));
  return spec.value;
}

/** `line:column severity message` of all that is said about a text. */
export function saidIn(folder: string, text: string): readonly string[] {
  const spec = readIn(folder, text);
  const all = spec.ok ? spec.value.diagnostics : spec.error;
  return all.map(
    ({ line, column, severity, message }) => `${line}:${column} ${severity} ${message}`,
  );
}
