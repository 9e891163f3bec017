import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import type { KeptAnswer } from "../../../../runners/base/chat/answer-log.js";
import { AnswerLog } from "../../../../runners/base/chat/answer-log.js";
import { newFolder, removeFolders } from "../../../support/stage.js";

afterAll(removeFolders);

const answer = (key: string): KeptAnswer => ({
  key,
  text: `answer — ${key}\nin two lines`,
  promptTokens: 3,
  completionTokens: 4,
});

it("gives answers back, of as many writers as there were, some at once", async () => {
  const folder = await newFolder();
  const [one, two] = [new AnswerLog(folder), new AnswerLog(folder)];
  one.add(answer("a"));
  two.add(answer("b"));
  one.add(answer("c"));
  one.close();
  one.add(answer("d"));
  one.close();
  two.close();
  const log = new AnswerLog(folder);
  expect(log.size).toBe(4);
  for (const key of "abcd") expect(log.get(key)).toEqual(answer(key));
  expect(log.get("e")).toBeUndefined();
});

it("has every whole line and no other, wherever a kill has cut the file", async () => {
  const source = await newFolder();
  const log = new AnswerLog(source);
  for (const key of "abc") log.add(answer(key));
  log.close();
  const bytes = readFileSync(path.join(source, readdirSync(source)[0]!));
  const folder = await newFolder();
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path.join(folder, "1-torn.jsonl"), bytes.subarray(0, length));
    const found = new AnswerLog(folder);
    // The last line is whole without its end as well.
    const lines =
      bytes
        .subarray(0, length + 1)
        .toString("latin1")
        .split("\n").length - 1;
    expect(found.size).toBe(lines);
    for (const key of [..."abc"].slice(0, lines)) expect(found.get(key)).toEqual(answer(key));
  }
});

it("passes over what is no answer, and reads the files of earlier versions", async () => {
  const folder = await newFolder();
  const old = { key: "k", text: "t", promptTokens: 1, completionTokens: 2 };
  const lines = ["", "null", "[]", "7", `{"key": 3, "text": "x"}`, JSON.stringify(old), `{"key`];
  writeFileSync(path.join(folder, "1700000000000-0123456789ab.jsonl"), lines.join("\n"));
  writeFileSync(path.join(folder, "notes.txt"), "not an answer");
  const log = new AnswerLog(folder);
  expect(log.size).toBe(1);
  expect(log.get("k")).toEqual(old);
});
