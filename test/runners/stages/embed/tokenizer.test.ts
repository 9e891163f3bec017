import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encoderTokenizer } from "../../../../runners/stages/embed/engines/encoder-model.js";
import { UnigramTokenizer } from "../../../../runners/stages/embed/engines/tokenizer.js";

// Made with Google's sentencepiece 0.2.3 from the same vocabulary (identity normalisation, dummy
// prefix, extra white space removed).
const known = JSON.parse(
  readFileSync(
    path.join(import.meta.dirname, "../../../data/knowledge/tokenisations.json"),
    "utf8",
  ),
) as readonly { readonly text: string; readonly ids: readonly number[] }[];

describe("the encoder's tokenizer", () => {
  const tokenizer = encoderTokenizer();

  it.each(known)("splits $text as SentencePiece does", ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it("gives no pieces for white space", () => {
    expect(tokenizer.encode(" \n\t ")).toEqual([]);
  });

  it("splits any text, of known ids, the same way every time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(ids.every((id) => id === 0 || (id >= 6 && id < 8000))).toBe(true);
        expect(ids.length === 0).toBe(text.normalize("NFKC").trim() === "");
        expect(tokenizer.encode(` ${text}  `)).toEqual(ids);
      }),
    );
  });

  it("takes the likeliest way to write a text, not the longest piece first", () => {
    const control = Array.from({ length: 6 }, (_, id) => [`<${id}>`, 0] as const);
    const pieces = [
      ["\u2581", -1],
      ["ab", -5],
      ["abc", -6],
      ["c", -9],
      ["cd", -1],
      ["d", -9],
    ] as const;
    expect(new UnigramTokenizer([...control, ...pieces]).encode("abcd")).toEqual([6, 7, 10]);
  });
});
