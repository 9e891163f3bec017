/** What LaTeX would read as something else than the letter, with what prints the letter. */
const WRITTEN: { readonly [letter: string]: string } = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  _: "\\_",
  "&": "\\&",
  "%": "\\%",
  "#": "\\#",
  $: "\\$",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  // After the end of a row, or a rule, these two would be an option of it.
  "[": "{[}",
  "*": "{*}",
  "`": "\\textasciigrave{}",
  "±": "$\\pm$",
  "−": "$-$",
  "→": "$\\rightarrow$",
};

/** Any text as LaTeX prints it, letter by letter, on one line, outside of math. */
export const latexText = (text: string): string =>
  text

    .replaceAll(/[\u0000-\u001f\u007f]+/g, " ")
    .replaceAll(/[\\{}_&%#$~^<>|[*`±−→]/g, (letter) => WRITTEN[letter]!)
    // Two of these in a row would become another letter.
    .replaceAll(/([-'!?,])(?=\1)/g, "$1{}");

/** True where a text has letters that pdfLaTeX's usual fonts lack: it has those of Europe's Latin scripts. */
export const needsUnicodeEngine = (text: string): boolean =>
  /[^\u0000-\u017f\u2013\u2014\u2018\u2019\u201c\u201d\u2026]/.test(text);
