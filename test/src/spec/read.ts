import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diagnostic } from "../../../src/base/diagnostic.js";
import type { Science } from "../../../src/contract/science.js";
import type { Experiment, Surroundings } from "../../../src/spec/index.js";
import { renderDiagnostic } from "../../../src/spec/index.js";
import { readSpec } from "../../../src/spec/load.js";
import { shapes } from "./shapes.js";

const folder = mkdtempSync(join(tmpdir(), "r4ec-spec-"));

/** Reads a spec's text as if it stood in an empty folder. */
export const read = (
  text: string,
  science: Science = shapes,
  surroundings: Surroundings = { variables: {} },
) => readSpec({ file: "spec.yaml", folder, text }, science, surroundings);

/** The experiment of a text that must be right. */
export function experimentOf(text: string, science: Science = shapes): Experiment {
  const result = read(text, science);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join("\n"));
  return result.value;
}

/** The same with what a call adds to it. */
export function experimentWith(text: string, surroundings: Surroundings): Experiment {
  const result = read(text, shapes, surroundings);
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join("\n"));
  return result.value;
}

/** `place message` of every error, where a place in the spec's file is `line:column`. */
export function errorsWith(text: string, surroundings: Surroundings): readonly string[] {
  const result = read(text, shapes, surroundings);
  const found = result.ok ? [] : result.error.filter(({ severity }) => severity === "error");
  return found.map((one) =>
    renderDiagnostic(one, null)
      .replace(" error:", "")
      .replace(/^spec\.yaml:/, ""),
  );
}

/** All that is said about a text. */
export function diagnosticsOf(text: string): readonly Diagnostic[] {
  const result = read(text);
  return result.ok ? result.value.diagnostics : result.error;
}

/** `line:column message` of everything of a severity. */
export const said = (text: string, severity: Diagnostic["severity"] = "error"): readonly string[] =>
  diagnosticsOf(text)
    .filter((one) => one.severity === severity)
    .map(({ line, column, message }) => `${line}:${column} ${message}`);

/** A spec with only what must stand, then `rest`, which begins at line 4. */
export const spec = (rest = ""): string => `name: t\ndataset: ml-100k\nbackbone: din\n${rest}`;
