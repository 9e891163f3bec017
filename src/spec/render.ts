import { isOnCommandLine } from "./line-override.js";
import type { Diagnostic } from "../base/diagnostic.js";

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const longestLine = 160;

/** How diagnostics are coloured; the identity functions where there is no terminal. */
export interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly hint: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain: Paint = { error: String, warning: String, hint: String, dim: String };

/**
 * A diagnostic for people: `file:line:column severity: message`, the line it is about and carets
 * under the offending word. `text` is the file's text; null where it could not be read.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  text: string | null,
  paint: Paint = plain,
): string {
  const { file, line, column, severity, message } = diagnostic;
  const place = isOnCommandLine(file) ? file : `${file}:${line}:${column}`;
  const head = `${place} ${paint[severity](severity)}: ${message}`;
  const whole = text?.split(/\r?\n/)[line - 1];
  if (whole === undefined || whole.trim() === "") return head;
  // A long line is cut around the place.
  const from = column > longestLine - 40 ? column - 60 : 0;
  const shown = whole.slice(from, from + longestLine);
  const at = column - 1 - from;
  const word = /^(?:"[^"]*"|'[^']*'|[^\s,:[\]{}#]+)/.exec(shown.slice(at))?.[0] ?? " ";
  const gutter = String(line).padStart(5);
  const source = `${gutter} | ${shown}`;
  const carets = paint[severity]("^".repeat(widthOf(word)));
  return `${head}\n${paint.dim(source)}\n${" ".repeat(gutter.length)} | ${padding(shown.slice(0, at))}${carets}`;
}

const widthOf = (text: string): number =>
  [...text].reduce((width, char) => width + (wide.test(char) ? 2 : 1), 0);

// Tabs stay tabs, so that the caret stands under its place whatever a tab is wide.
const padding = (text: string): string =>
  [...text].map((char) => (char === "\t" ? "\t" : wide.test(char) ? "  " : " ")).join("");
