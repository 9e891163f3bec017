import { decodeHTML } from "entities/decode";

// Python's html.unescape, which the rules name: numbers first, then HTML 5's names, the longest
// that fits where the semicolon is missing.
const reference = /&(?:#(\d+);?|#[xX]([0-9a-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)/g;

/** Decodes HTML character references once, to the letter as Python's `html.unescape` does. */
export const unescapeHtml = (text: string): string =>
  text.replace(reference, (whole: string, decimal?: string, hex?: string) => {
    if (decimal !== undefined) return characterOf(Number(decimal));
    if (hex !== undefined) return characterOf(Number.parseInt(hex, 16));
    return decodeHTML(whole);
  });

/** HTML 5's reading of 0x80 to 0x9F: Windows-1252, with the five it leaves open as they are. */
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

function characterOf(code: number): string {
  if (code === 0) return "\ufffd";
  if (code === 13) return "\r";
  if (code >= 0x80 && code <= 0x9f) return windows1252[code - 0x80]!;
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return "\ufffd";
  const control = code <= 8 || code === 11 || (code >= 14 && code <= 31) || code === 127;
  const noCharacter = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
  return control || noCharacter ? "" : String.fromCodePoint(code);
}

/** In this order; what an entity leaves behind after one decoding is decoded by the later ones. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/[“”″]/g, '"'],
  [/[‘’´]/g, "'"],
  [/[–—−]/g, "-"],
  [/[\n\r]/g, " "],
  [/…/g, ""],
  [/‚/g, ","],
  [/【/g, "["],
  [/】/g, "]"],
  [/&ndash;/g, "-"],
  [/&lt;/g, "<"],
  [/&gt;/g, ">"],
  [/&amp;/g, "&"],
  [/&quot;/g, '"'],
  [/&nbsp;/g, " "],
  [/&copy;/g, "©"],
];

const blanks = new RegExp(
  `[${[
    127, 174, 160, 170, 8482, 188, 162, 189, 8594, 169, 235, 168, 957, 12288, 8222, 179, 190, 173,
    186, 8225,
  ]
    .map((code) => `\\u${code.toString(16).padStart(4, "0")}`)
    .join("")}]`,
  "g",
);

/** What Python calls white space: not quite what `trim` does. */
const space =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const outerSpace = new RegExp(`^${space}+|${space}+$`, "g");

const longest = 150;

/**
 * A title or brand in the form the reference gives it (rules in docs/datasets.md); null where it
 * can't be used: characters beyond printable ASCII, no letter, under 3 characters.
 */
export function cleanText(raw: string): string | null {
  let text = unescapeHtml(raw);
  for (const [pattern, by] of replacements) text = text.replace(pattern, by);
  text = text.replace(blanks, " ").replace(/ {2,}/g, " ").replace(outerSpace, "");
  if (!/^[\t-\r\x20-\x7e]*$/.test(text) || !/[a-zA-Z]/.test(text) || text.length < 3) return null;
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest).replace(outerSpace, "");
  const short = cut.slice(0, Math.max(0, cut.lastIndexOf(" "))).replace(/[^a-zA-Z0-9]+$/, "");
  return short === "" ? null : short;
}
