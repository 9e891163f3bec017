import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../../src/base/diagnostic.js";
import { renderDiagnostic } from "../../../src/spec/index.js";
import { suggest } from "../../../src/spec/suggest.js";
import { diagnosticsOf, spec } from "./read.js";

const at = (line: number, column: number): Diagnostic => ({
  severity: "error",
  message: "wrong",
  file: "a.yaml",
  line,
  column,
  path: null,
});

describe("a diagnostic for people", () => {
  it("shows the line and carets under the word", () => {
    const text = spec("ctr: {epochs: ten}\n");
    expect(renderDiagnostic(diagnosticsOf(text)[0]!, text)).toBe(
      [
        'spec.yaml:4:15 error: ctr.epochs must be a whole number, not "ten"',
        "    4 | ctr: {epochs: ten}",
        "      |               ^^^",
      ].join("\n"),
    );
  });

  it("puts the caret under its place after tabs and wide characters", () => {
    expect(renderDiagnostic(at(1, 3), "\t\tx").split("\n")[2]).toBe("      | \t\t^");
    expect(renderDiagnostic(at(1, 5), "名前: x").split("\n")[2]).toBe("      |       ^");
  });

  it("cuts a long line around the place", () => {
    const [, line, carets] = renderDiagnostic(at(1, 501), `${"a".repeat(500)}, bad`).split("\n");
    expect(line!.length).toBeLessThan(200);
    expect(line![carets!.indexOf("^")]).toBe(",");
  });

  it("shows no line where there is none", () => {
    expect(renderDiagnostic(at(1, 1), "")).toBe("a.yaml:1:1 error: wrong");
    expect(renderDiagnostic(at(9, 1), null)).toBe("a.yaml:9:1 error: wrong");
  });
});

describe("what was probably meant", () => {
  const known = ["ctr.learning_rate", "ctr.batch_size", "backbone", "knowledge.variant", "seed"];
  it.each([
    ["bakbone", "backbone"],
    ["Backbone", "backbone"],
    ["learning_rate", "ctr.learning_rate"],
    ["ctr.learningRate", "ctr.learning_rate"],
    ["crt.batch_size", "ctr.batch_size"],
    ["lr", "ctr.learning_rate"],
    ["variant", "knowledge.variant"],
    ["seeds", "seed"],
    ["x", null],
    ["temperature", null],
  ])("%s: %s", (written, meant) => {
    expect(suggest(written, known)).toBe(meant);
  });
});
