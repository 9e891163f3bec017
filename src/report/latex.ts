import { valueText } from "../cells/index.js";
import { decimalsLike, entryMarks, headText, numberText, variantText } from "./labels.js";
import { captionOf, letterOf, significanceOf } from "./latex-caption.js";
import { latexText, needsUnicodeEngine } from "./latex-text.js";
import type { Comparison, Entry, MetricTable } from "./model.js";
import { claimLines, marksOfComparison, notesOf, warningLines } from "./notes.js";
import { ranksOf } from "./rank.js";
import { variantsOf } from "./text.js";

/**
 * A comparison as LaTeX: a table for each metric, which needs no package but booktabs. In each row the
 * best mean is bold and the second is underlined; asterisks say where the difference from the
 * baseline is significant. The caption says what every mark means. What was found, notes and warnings
 * stand above the tables as comments.
 */
export function comparisonAsLatex(comparison: Comparison): string {
  const tables = comparison.metrics.map((table, index) => tableOf(comparison, table, index));
  const text = tables.join("\n\n");
  const comments = [
    `${comparison.experiment}, sweep ${comparison.sweep}; the preamble needs \\usepackage{booktabs}`,
    ...(needsUnicodeEngine(text)
      ? ["some letters here are in no font that pdfLaTeX uses: take XeLaTeX or LuaLaTeX"]
      : []),
    ...(tables.length === 0 ? ["no cell has a result yet"] : []),
    ...claimLines(comparison),
    ...notesOf(comparison),
    ...warningLines(comparison),
  ];
  const head = comments.map((one) => `% ${one.replaceAll(/[\r\n]+/g, " ")}`);
  return `${[...head, ...(tables.length === 0 ? [] : ["", text])].join("\n")}\n`;
}

function tableOf(comparison: Comparison, table: MetricTable, index: number): string {
  const variants = variantsOf(table);
  const heads = [
    ...comparison.rows.map((path) => headText(comparison, path)),
    ...variants.map(([, entry]) => variantText(comparison, entry)),
  ];
  const lines = table.rows.map((row) => {
    const here = new Map(row.variants.map((entry) => [JSON.stringify(entry.settings), entry]));
    const ranks = ranksOf(row, table.direction);
    return [
      ...comparison.rows.map((path) => latexText(valueText(row.settings[path]))),
      ...variants.map(([key]) => {
        const entry = here.get(key);
        return entry === undefined ? "--" : entryOf(comparison, entry, ranks.get(entry));
      }),
    ];
  });
  // A label is read by programs: it has plain letters only, and its number keeps two apart.
  const label = table.metric.replaceAll(/[^A-Za-z0-9]+/g, "-");
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${captionOf(comparison, table)}}`,
    `  \\label{tab:r4ec-${index + 1}-${label}}`,
    `  \\begin{tabular}{${"l".repeat(comparison.rows.length)}${"r".repeat(variants.length)}}`,
    "    \\toprule",
    `    ${heads.map(latexText).join(" & ")} \\\\`,
    "    \\midrule",
    ...lines.map((cells) => `    ${cells.join(" & ")} \\\\`),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
  ].join("\n");
}

function entryOf(comparison: Comparison, entry: Entry, rank: 1 | 2 | undefined): string {
  const { mean, sd, n, missing } = entry;
  if (mean === null) return "--";
  const number = numberInLatex(numberText(mean));
  const shown = rank === 1 ? `\\textbf{${number}}` : rank === 2 ? `\\underline{${number}}` : number;
  const spread = sd === null ? "" : ` $\\pm$ ${numberInLatex(decimalsLike(sd, mean))}`;
  const few = missing.length === 0 ? "" : ` ($n=${n}$)`;
  const known = marksOfComparison(comparison);
  const marks = [
    ...significanceOf(entry),
    ...entryMarks(entry).map((mark) => letterOf(known.indexOf(mark))),
  ];
  return `${shown}${spread}${few}${marks.length === 0 ? "" : `$^{${marks.join(",")}}$`}`;
}

/** A number as people typeset it: a true minus, and a power of ten. */
function numberInLatex(text: string): string {
  const [, digits = "", power] = /^(.*?)(?:e([+-]\d+))?$/.exec(text)!;
  if (power !== undefined) return `$${digits} \\times 10^{${Number(power)}}$`;
  return digits.startsWith("-") ? `$${digits}$` : digits;
}
