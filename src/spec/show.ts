import { readFile } from "node:fs/promises";
import pc from "picocolors";
import type { Diagnostic } from "../diagnostic.js";
import { type Paint, renderDiagnostics } from "./render.js";

/**
 * Writes diagnostics to stderr with the lines they are about, then how many there are. Colours
 * where stderr is a terminal and NO_COLOR isn't set.
 */
export async function showDiagnostics(
  file: string,
  diagnostics: readonly Diagnostic[],
): Promise<void> {
  if (diagnostics.length === 0) return;
  const text = await readFile(file, "utf8").then(
    (read) => read.replace(/^\uFEFF/, ""),
    () => null,
  );
  const colours = pc.createColors(process.stderr.isTTY && !process.env["NO_COLOR"]);
  const paint: Paint = {
    error: colours.red,
    warning: colours.yellow,
    hint: colours.cyan,
    dim: colours.dim,
  };
  process.stderr.write(`${renderDiagnostics(diagnostics, text, paint)}\n\n`);
  const counts = (["error", "warning", "hint"] as const).flatMap((severity) => {
    const count = diagnostics.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  process.stderr.write(`${file}: ${counts.join(", ")}\n`);
}
