import { describe, expect, it } from "vitest";
import { readSamples } from "../../../../runners/stages/finetune/read-samples.js";

const read = (...samples: readonly unknown[]) => readSamples(JSON.stringify(samples));

describe("a sample of one's own", () => {
  it("is taken in both forms, with fields of other programs that are empty", () => {
    const taken = [{ instruction: "p", input: "", output: "a" }];
    expect(read({ prompt: "p", answer: "a" })).toEqual(taken);
    expect(read({ instruction: "p", output: "a" })).toEqual(taken);
    expect(
      read({ instruction: "p", input: "i", output: "a", system: "", history: [], images: null }),
    ).toEqual([{ instruction: "p", input: "i", output: "a" }]);
    expect(read({ prompt: "p", answer: "a", user_id: 7 })).toEqual(taken);
    expect(readSamples(`\uFEFF${JSON.stringify([{ prompt: "p", answer: "a" }])}`)).toEqual(taken);
  });

  it.each([
    ["system", { instruction: "p", output: "a", system: "You are kind." }],
    ["history", { instruction: "p", output: "a", history: [["q", "r"]] }],
    ["input", { prompt: "p", answer: "a", input: "more" }],
    ["output", { prompt: "p", answer: "a", output: "b" }],
    ["label", { prompt: "p", answer: "a", label: 0 }],
  ])("is refused where its %s would be dropped", (field, sample) => {
    expect(read({ prompt: "p", answer: "a" }, sample)).toMatch(
      new RegExp(`^element 1 \\(from 0\\) has a field "${field}", which a sample of r4ec`),
    );
  });

  it.each([
    ["empty prompt", { prompt: " ", answer: "a" }],
    ["empty answer", { prompt: "p", answer: "\n" }],
    ["empty output", { instruction: "p", output: "" }],
  ])("is refused with an %s", (what, sample) => {
    expect(read(sample)).toContain(`element 0 (from 0) has an ${what}`);
  });

  it.each([
    ["no JSON", "[{"],
    ["no list", "{}"],
    ["no sample", "[1]"],
    ["a half sample", '[{"prompt":"p"}]'],
    ["a number for a text", '[{"prompt":"p","answer":3}]'],
    ["nothing", "[]"],
  ])("is refused where the file holds %s", (_, text) => {
    expect(readSamples(text)).toBeTypeOf("string");
  });
});
