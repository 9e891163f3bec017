import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { latexText } from "../../../src/report/latex-text.js";
import { letterOf } from "../../../src/report/latex-caption.js";
import type { CellOutcome, CompareRules } from "../../../src/report/index.js";
import { compareCells, comparisonAsLatex } from "../../../src/report/index.js";
import { debianProgram, INSTALL_TIMEOUT } from "../../support/debian.js";
import { cell, rulesOf } from "./cells.js";

const NASTY = "50%_of #1 {a} \\b & [x] *y* $z$ ~q^ <é> |--| ``'' ?` ,,";

const rules = rulesOf({
  axes: ["backbone", "variant", "seed"],
  baseline: { variant: "none" },
  metrics: ["score"],
});

/** Cells of one row: for each variant its values over seeds; null: a cell that failed. */
const row = (
  backbone: string,
  values: { readonly [variant: string]: readonly (number | null)[] },
  more: Partial<CellOutcome> = {},
): CellOutcome[] =>
  Object.entries(values).flatMap(([variant, all]) =>
    all.map((score, index) =>
      score === null
        ? cell({ backbone, variant, seed: index + 1 }, {}, { state: "failed", why: "it broke" })
        : cell({ backbone, variant, seed: index + 1 }, { score }, more),
    ),
  );

const latexOf = (cells: readonly CellOutcome[], more: Partial<CompareRules> = {}): string =>
  comparisonAsLatex(
    compareCells({ experiment: "e_1", sweep: "s", cells, rules: { ...rules, ...more } }),
  );

/** What LaTeX prints for text that {@link latexText} made. */
const printed = (latex: string): string =>
  latex
    .replaceAll(
      /\\text(backslash|asciitilde|asciicircum|less|greater|bar|asciigrave)\{\}/g,
      (_, name: string) =>
        `\u0000${"\\~^<>|`"["backslash asciitilde asciicircum less greater bar asciigrave".split(" ").indexOf(name)]!}`,
    )
    .replaceAll(/\$\\(pm|rightarrow)\$/g, (_, name: string) => (name === "pm" ? "±" : "→"))
    .replaceAll("$-$", "−")
    .replaceAll(/\{([[*])\}/g, "$1")
    .replaceAll(/(?<!\\)\{\}/g, "")
    .replaceAll(/\\([{}_&%#$])/g, "$1")
    .replaceAll("\u0000", "");

/** Lines of the tables' bodies, each as its cells. */
const bodyOf = (latex: string): string[][] =>
  [...latex.matchAll(/\\midrule\n(.*?)\n\s*\\bottomrule/gs)].flatMap(([, body]) =>
    body!.split("\n").map((line) => {
      expect(line).toMatch(/ \\\\$/);
      return line.slice(4, -3).split(/(?<!\\) & /);
    }),
  );

/** Everything that a LaTeX file must keep to, whatever stands in its texts. */
function expectSound(latex: string): void {
  let depth = 0;
  for (const [token] of latex.replaceAll(/(?<!\\)%.*$/gm, "").matchAll(/\\.|[{}]/gs)) {
    if (token === "{") depth += 1;
    if (token === "}") depth -= 1;
    expect(depth).toBeGreaterThanOrEqual(0);
  }
  expect(depth).toBe(0);
  const columns = [...latex.matchAll(/\\begin\{tabular\}\{([lr]+)\}/g)].map(([, spec]) => spec!);
  expect(columns.length).toBeGreaterThan(0);
  for (const cells of bodyOf(latex)) expect(cells).toHaveLength(columns[0]!.length);
  const caption = /\\caption\{(.*)\}$/m.exec(latex)![1]!;
  // A mark of the table is explained by its caption.
  for (const [, marks] of bodyOf(latex)
    .join("\n")
    .matchAll(/\$\^\{([^}]*)\}\$/g)) {
    for (const mark of marks!.split(",")) expect(caption).toContain(`$^{${mark}}$`);
  }
}

let pdflatex: string;
beforeAll(async () => {
  const packages = ["texlive-latex-base", "texlive-latex-recommended"];
  pdflatex = await debianProgram(["pdflatex"], packages, "LaTeX, which compiles the tables");
}, INSTALL_TIMEOUT);

/** Compiles by a real LaTeX; an error of LaTeX fails the test. */
async function compile(latex: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "r4ec-latex-"));
  const text = `\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n${latex}\\end{document}\n`;
  await writeFile(path.join(folder, "table.tex"), text);
  const { stdout, exitCode } = await execa(
    pdflatex,
    ["-interaction=nonstopmode", "-halt-on-error", "table.tex"],
    { cwd: folder, reject: false },
  );
  expect(exitCode, stdout).toBe(0);
  await rm(folder, { recursive: true });
}

describe("compare as LaTeX", () => {
  test("best bold, second underlined, significance and leaks marked, and every mark explained", async () => {
    const cells = [
      ...row("din", {
        none: [0.7, 0.701, 0.702],
        weak: [0.71, 0.7, 0.705],
        strong: [0.72, 0.721, 0.7225],
      }),
      ...row(
        NASTY,
        { none: [0.6, 0.6, 0.6], weak: [0.6, null, 0.7], strong: [0.5, 0.52, 0.51] },
        { marks: { leak: "50% of_it" } },
      ),
    ];
    const latex = latexOf(cells);
    expectSound(latex);
    const [din, nasty] = bodyOf(latex);
    expect(din).toEqual([
      "din",
      "0.7010 $\\pm$ 0.0010",
      "\\underline{0.7050} $\\pm$ 0.0050",
      "\\textbf{0.7212} $\\pm$ 0.0013$^{***}$",
    ]);
    expect(printed(nasty![0]!)).toBe(NASTY);
    // A mean over fewer seeds than the others' has no rank, though it would be the best.
    expect(nasty!.slice(1)).toEqual([
      "\\textbf{0.6000} $\\pm$ 0.0000$^{a}$",
      "0.6500 $\\pm$ 0.0707 ($n=2$)$^{a}$",
      "\\underline{0.5100} $\\pm$ 0.0100$^{**,a}$",
    ]);
    const caption = /\\caption\{(.*)\}$/m.exec(latex)![1]!;
    expect(caption).toContain("bold: the best mean of a row; underlined: the second best");
    expect(caption).toContain("$^{**}$ $p < .01$");
    expect(caption).toContain(
      "for the difference from none (two-sided; paired t-test over seeds alone; Holm",
    );
    expect(caption).toContain("$^{a}$ leak: 50\\% of\\_it");
    await compile(latex);
  });

  test("for a loss the lowest is best; equal numbers share a rank; one variant alone has none", () => {
    const loss = { baseline: { variant: "a" }, metrics: ["loss"], axes: ["variant"] };
    const of = (values: { [variant: string]: number }): string[] => {
      const cells = Object.entries(values).map(([variant, value]) =>
        cell({ variant }, { loss: value }),
      );
      return bodyOf(latexOf(cells, loss))[0]!;
    };
    expect(of({ a: 0.3, b: 0.1, c: 0.2 })).toEqual([
      "0.3000",
      "\\textbf{0.1000}",
      "\\underline{0.2000}",
    ]);
    expect(of({ a: 0.1, b: 0.100001, c: 0.2 })).toEqual([
      "\\textbf{0.1000}",
      "\\textbf{0.1000}",
      "0.2000",
    ]);
    expect(of({ a: -1e-7, b: -2e-7 })).toEqual([
      "\\underline{$-1.000 \\times 10^{-7}$}",
      "\\textbf{$-2.000 \\times 10^{-7}$}",
    ]);
    expect(of({ a: 0.3 })).toEqual(["0.3000"]);
  });

  test.each(["running", "waiting", "interrupted"] as const)(
    "marks no best in a row with a cell that is %s, and the caption says so",
    (state) => {
      const cells = row("din", { none: [0.7, 0.71], other: [0.8, 0.81] });
      const open = cells.map((one, index) => (index === 3 ? { ...one, state, metrics: {} } : one));
      const latex = latexOf(open);
      expect(bodyOf(latex).flat().join()).not.toMatch(/textbf|underline/);
      expect(latex).toContain("no mean is marked in rows with cells that have not finished");
      expect(bodyOf(latexOf(cells)).flat().join()).toMatch(/textbf/);
    },
  );

  test("prints any text letter by letter", async () => {
    const letters = fc.constantFrom(...NASTY, "±", "−", "→", "\\textbf{", "\\\\", "a");
    const texts = fc.oneof(
      fc.string(),
      fc.array(letters, { maxLength: 12 }).map((all) => all.join("")),
    );
    const kept: string[] = [];
    fc.assert(
      fc.property(texts, (text) => {
        kept.push(text);
        expect(printed(latexText(text))).toBe(text.replaceAll(/[\0-\x1f\x7f]+/g, " "));
      }),
      { numRuns: 300 },
    );
    const cells = [...new Set(kept.map((text) => text.replaceAll(/[^ -~é±−→]/g, "?")))]
      .slice(0, 40)
      .map((variant, index) => cell({ variant }, { score: index }));
    const latex = latexOf(cells, { axes: ["variant"], baseline: null });
    expectSound(latex);
    await compile(latex);
  });

  test("says where pdfLaTeX has no glyph, and numbers marks beyond z", () => {
    const said = (variant: string): boolean =>
      latexOf([cell({ variant }, { score: 1 })], {
        axes: ["variant"],
        baseline: null,
        claims: null,
      }).includes("XeLaTeX");
    expect([said("naïve – “x”"), said("知识")]).toEqual([false, false]);
    const two = (variant: string): string =>
      latexOf([cell({ variant }, { score: 1 }), cell({ variant: "b" }, { score: 2 })], {
        axes: ["variant"],
        baseline: null,
      });
    expect([two("naïve – “x”"), two("知识")].map((text) => text.includes("XeLaTeX"))).toEqual([
      false,
      true,
    ]);
    expect([0, 25, 26, 27, 52].map(letterOf)).toEqual(["a", "z", "aa", "ab", "ba"]);
  });
});
