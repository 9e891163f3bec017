import type { Comparison } from "./model.js";
import { headText, titleText } from "./labels.js";
import { claimLines, notesOf, warningLines } from "./notes.js";
import { gridOf } from "./text.js";

const escape = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;

/** A comparison as GitHub's Markdown. */
export function comparisonAsMarkdown(comparison: Comparison): string {
  const parts: string[] = [];
  for (const table of comparison.metrics) {
    const { heads, grid } = gridOf(comparison, table);
    const head = [...comparison.rows.map((path) => headText(comparison, path)), ...heads.flat()];
    parts.push(`**${titleText(table)}**`, "", line(head), line(head.map(() => "---")));
    for (const { row, cells } of grid) parts.push(line([...row, ...cells.flat()]));
    parts.push("");
  }
  if (comparison.metrics.length === 0) parts.push("No cell has a result yet.", "");
  const claims = claimLines(comparison);
  if (claims.length > 0) parts.push(...claims.map((line) => `- ${line}`), "");
  for (const note of [...notesOf(comparison), ...warningLines(comparison)]) {
    parts.push(note.startsWith("  ") ? `  - ${note.trim()}` : `- ${note}`);
  }
  return `${parts.join("\n").trimEnd()}\n`;
}
