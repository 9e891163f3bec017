import type { Comparison } from "./model.js";
import { findingLines } from "./finding.js";
import { headText, titleText } from "./labels.js";
import { claimLines, notesOf, warningLines } from "./notes.js";
import { gridOf } from "./text.js";

const escape = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(" | ")} |`;

/** A comparison as GitHub's Markdown. */
export function comparisonAsMarkdown(comparison: Comparison): string {
  const claims = claimLines(comparison);
  return textOf([
    ...tablesOf(comparison),
    ...(claims.length === 0 ? [] : [...claims.map((line) => `- ${line}`), ""]),
    ...remarksOf(comparison),
  ]);
}

/** What was found comes first, then tables and remarks, as GitHub's Markdown. */
export function comparisonNote(comparison: Comparison): string {
  const found = findingLines(comparison).map((line) => `- ${line}`);
  return textOf([
    ...(found.length === 0 ? [] : ["**What was found**", "", ...found, ""]),
    ...tablesOf(comparison),
    ...remarksOf(comparison),
  ]);
}

function tablesOf(comparison: Comparison): string[] {
  if (comparison.metrics.length === 0) return ["No cell has a result yet.", ""];
  return comparison.metrics.flatMap((table) => {
    const { heads, grid } = gridOf(comparison, table);
    const head = [...comparison.rows.map((path) => headText(comparison, path)), ...heads.flat()];
    return [
      ...[`**${titleText(table)}**`, "", line(head), line(head.map(() => "---"))],
      ...grid.map(({ row, cells }) => line([...row, ...cells.flat()])),
      "",
    ];
  });
}

const remarksOf = (comparison: Comparison): string[] =>
  [...notesOf(comparison), ...warningLines(comparison)].map((note) =>
    note.startsWith("  ") ? `  - ${note.trim()}` : `- ${note}`,
  );

const textOf = (lines: readonly string[]): string => `${lines.join("\n").trimEnd()}\n`;
