import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatJudgement,
  parseJudgement,
  parseVerdict,
  studentKnowledge,
} from "../../../../runners/base/prompts/index.js";

const preference = (knowledge: string, verdict: string) =>
  `<User Preference>${knowledge}</User Preference>\n<Final Verdict>${verdict}</Final Verdict>`;

test.each([
  ["the user will like the target movie", true],
  ['"The user will like the target movie."', true],
  ["The  user will\nlike the target book", true],
  ["target user will like the target book", true],
  ["the user will not like the target movie", false],
  ['["user will not like the target book"]', false],
])("reads the verdict %j", (verdict, likes) => {
  expect(parseVerdict(preference("warm comedies", verdict), "user", "Movie")).toEqual({
    ok: true,
    value: { knowledge: "warm comedies", likes },
  });
});

test.each([
  ["yes", "verdict is neither"],
  [
    "the user will like the target movie or the user will not like the target movie",
    "verdict is neither",
  ],
  ["the user will probably like the target movie", "verdict is neither"],
  ["", "verdict is neither"],
])("does not guess what %j means", (verdict, reason) => {
  expect(parseVerdict(preference("k", verdict), "user", "Movie")).toEqual({
    ok: false,
    error: reason,
  });
});

test("names what is missing", () => {
  const verdict = "<Final Verdict>the user will like the target movie</Final Verdict>";
  const read = (answer: string) => parseVerdict(answer, "user", "Movie");
  expect(read(verdict)).toEqual({ ok: false, error: "no knowledge" });
  expect(read(`<User Preference> </User Preference>${verdict}`)).toEqual({
    ok: false,
    error: "empty knowledge",
  });
  expect(read("<User Preference>k</User Preference>")).toEqual({ ok: false, error: "no verdict" });
  expect(read(preference("k", "the user will like the target movie") + verdict)).toEqual({
    ok: false,
    error: "tag repeated",
  });
});

test("an item's knowledge stands in the tag of its kind", () => {
  const answer =
    "<Book Knowledge>a saga</Book Knowledge><Final Verdict>the target user will like the target book</Final Verdict>";
  expect(parseVerdict(answer, "item", "Book").ok).toBe(true);
  expect(parseVerdict(answer, "item", "Movie")).toEqual({ ok: false, error: "no knowledge" });
});

test("the thoughts of a reasoning model are no part of its answer", () => {
  const answer = `<think>maybe <Final Verdict>no</Final Verdict></think>\n${preference("k", "the user will like the target movie")}`;
  expect(parseVerdict(answer, "user", "Movie").ok).toBe(true);
});

test("an unreasonable judgement needs a reflection, a reasonable one does not", () => {
  const judged = (judgement: string, rest: string) =>
    parseJudgement(`<Final Judgement>${judgement}</Final Judgement>${rest}`);
  expect(judged("The user preference is reasonable", "")).toEqual({
    ok: true,
    value: { reasonable: true, reflection: "" },
  });
  expect(
    judged("the movie knowledge is not reasonable", "<Reflection>too broad</Reflection>"),
  ).toEqual({
    ok: true,
    value: { reasonable: false, reflection: "too broad" },
  });
  expect(judged("the user preference is not reasonable", "")).toEqual({
    ok: false,
    error: "no reflection",
  });
  expect(judged("fine", "")).toEqual({ ok: false, error: "judgement is neither" });
});

test("any text gives a verdict or a reason, never a throw", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "<User Preference>",
      "</User Preference>",
      "<Final Verdict>",
      "</Final Verdict>",
      "<Final Judgement>",
      "</Final Judgement>",
      "<Reflection>",
      "</Reflection>",
      "<think>",
      "</think>",
      "the user will like the target movie",
      "the user preference is not reasonable",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      for (const read of [parseVerdict(text, "user", "Movie"), parseJudgement(text)]) {
        expect(typeof read.ok).toBe("boolean");
      }
      expect(typeof studentKnowledge(text, "user", "Movie")).toBe("string");
    }),
    { numRuns: 500 },
  );
});

test("what a reflector is taught is what is read from it", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("user" as const, "item" as const),
      fc.stringMatching(/^[a-z ,.]{1,80}$/u).filter((text) => text.trim() !== ""),
      fc.boolean(),
      (subject, reflection, reasonable) => {
        const judgement = { reasonable, reflection: reasonable ? "" : reflection.trim() };
        expect(parseJudgement(formatJudgement(judgement, subject, "Movie"))).toEqual({
          ok: true,
          value: judgement,
        });
      },
    ),
  );
});
