import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const src = path.resolve(import.meta.dirname, "../../src");

/** Words of the science that r4ec serves: data sets, models, metrics, variants, and what they are about. */
const WORDS = [
  ...[
    "recommend\\w*",
    "ctr",
    "click\\w*",
    "auc",
    "logloss",
    "movie\\w*",
    "ml-100k",
    "ml-1m",
    "amazon",
  ],
  ...["backbone\\w*", "adaptor\\w*", "din", "dien", "dcn\\w*", "deepfm", "gru4rec", "user_core"],
  ...["knowledge", "embed(?:s|d|ding|dings|ded)?", "llms?", "llama\\w*", "language models?"],
  ...["prompts?", "teachers?", "actors?", "reflectors?", "fine-?tun\\w*", "kar", "r2ec"],
];

// A name is cut into its words first: `ctrPerGpu`, `llm_environment` and `CTR-model` hold one each.
const FIELD = new RegExp(`(?<![a-z0-9])(?:${WORDS.join("|")})(?![a-z0-9])`, "gi");

/** What looks like a word of the field and is none. */
const ALLOWED = [
  // Counts of an endpoint's API, by the API's own names, in estimates.
  /\bpromptTokens\b/g,
  /\bprompt_tokens\b/g,
  // A package's name: it asks people questions on the terminal.
  /"@clack\/prompts"/g,
];

/** The field's words in a text, each with its line. */
function fieldWordsIn(text: string): string[] {
  return text.split("\n").flatMap((line, index) => {
    const plain = ALLOWED.reduce((rest, allowed) => rest.replace(allowed, ""), line);
    const words = plain.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ");
    const found = new Set(
      [...words.matchAll(FIELD), ...plain.matchAll(FIELD)].map(([word]) => word),
    );
    return [...found].map((word) => `${index + 1}: ${word}`);
  });
}

describe("src, the engine", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(ts|py|md|in)$/.test(file),
  );

  it("knows no word of the field that it serves", () => {
    expect(files.length).toBeGreaterThan(150);
    const found = files.flatMap((file) =>
      fieldWordsIn(readFileSync(path.join(src, file), "utf8"))
        // The README of src says what src does not know.
        .filter((word) => !(file === "README.md" && word.endsWith("recommendation")))
        .map((word) => `src/${file}:${word}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ["const ctrPerGpu = 4;", "ctr"],
    ["readonly llmEnvironment: string | null;", "llm"],
    ["// as in `backbone=din`", "backbone"],
    ['metric: "valid.auc"', "auc"],
    ["function embedAll() {}", "embed"],
    ["type Part = 'llm';", "llm"],
    ["/** Prepares ml-1m. */", "ml-1m"],
    ["a setting user_core", "user_core"],
  ])("would be found out by: %s", (planted, word) => {
    expect(fieldWordsIn(planted).join(" ")).toContain(word);
  });
});
