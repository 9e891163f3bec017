import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseTargets } from "../../../../runners/stages/teach/targets.js";
import type { PromptData, PromptMaker, Step } from "../../../../runners/base/prompts/index.js";
import {
  indexRaters,
  loadTemplates,
  studentPrompt,
  teacherPrompt,
} from "../../../../runners/base/prompts/index.js";
import { readDataset, readItems } from "../../../../runners/base/artifacts/dataset.js";
import { prepare, removeFolders } from "../dataset/stage.js";
import { changedFrom } from "../../../support/knowledge/changed.js";

const templates = loadTemplates("movie", null);
const STEPS: readonly Step[] = ["think", "reflect", "refine"];
const written = { knowledge: "KNOWLEDGE", reflection: "REFLECTION" };

let data: PromptData;
beforeAll(async () => {
  const { out } = await prepare("ml-100k");
  const items = await readItems(out);
  data = { ...(await readDataset(out)), titles: [null, ...items.map((item) => item.title)] };
});
afterAll(removeFolders);

const makerOf = (from: PromptData, source: "early" | "train" = "early"): PromptMaker => ({
  data: from,
  templates,
  raters: indexRaters(from, source, 1),
  history: 10,
});

/** `sample`: the student's form as the teacher's samples hold it, with the teacher's raters. */
type Form = "student" | "teacher" | "sample";

/** Every prompt of every user and item, by a name. */
function allPrompts(maker: PromptMaker, form: Form): Map<string, string> {
  const prompts = new Map<string, string>();
  for (const subject of ["user", "item"] as const) {
    const targets = chooseTargets(maker.data, subject, "all", 1);
    for (const step of STEPS) {
      const text = step === "think" ? null : written;
      if (form !== "student") {
        for (const target of targets) {
          const index = subject === "user" ? target.user : target.item;
          prompts.set(
            `${subject} ${index} ${step}`,
            form === "teacher"
              ? teacherPrompt(maker, step, subject, target, text)
              : studentPrompt(maker, step, { subject, index }, text, target),
          );
        }
        continue;
      }
      const count = subject === "user" ? maker.data.users : maker.data.items;
      for (let index = 1; index <= count; index++) {
        prompts.set(
          `${subject} ${index} ${step}`,
          studentPrompt(maker, step, { subject, index }, text),
        );
      }
    }
  }
  return prompts;
}

/** The entries of a history that a prompt shows in a tag. */
function entries(prompt: string, tag: string): [string, number][] {
  const block = prompt.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!;
  return block.startsWith("(") ? [] : (JSON.parse(`[${block}]`) as [string, number][]);
}

/** Titles and ratings of a user's first ten interactions, read straight from the columns. */
const firstTen = (user: number): [string, number][] =>
  Array.from({ length: 10 }, (_, position) => {
    const row = data.offsets[user]! + position;
    return [data.titles[data.interactionItem[row]!]!, data.interactionRating[row]!];
  });

describe("over all prompts of ML-100K", () => {
  test("a user's prompts hold positions 0 to 9 and nothing else of the user", () => {
    const maker = makerOf(data);
    for (const [name, prompt] of allPrompts(maker, "student")) {
      if (!name.startsWith("user ")) continue;
      const user = Number(name.split(" ")[1]);
      expect(entries(prompt, "User History"), name).toEqual(firstTen(user));
    }
  });

  test("the teacher's form shows the title at position 10, and not its rating", () => {
    const maker = makerOf(data);
    const flipped = makerOf({ ...changedFrom(data, 10), interactionItem: data.interactionItem });
    const prompts = allPrompts(maker, "teacher");
    for (const [name, prompt] of prompts) {
      if (!name.startsWith("user ")) continue;
      const user = Number(name.split(" ")[1]);
      const target = data.titles[data.interactionItem[data.offsets[user]! + 10]!]!;
      expect(prompt.split("<Target Movie>")[1]!.split("</Target Movie>")[0], name).toBe(target);
      expect(entries(prompt, "User History"), name).toEqual(firstTen(user));
      const other = teacherPrompt(
        flipped,
        name.split(" ")[2] as Step,
        "user",
        { user, item: data.interactionItem[data.offsets[user]! + 10]!, likes: true },
        name.endsWith("think") ? null : written,
      );
      expect(other, name).toBe(prompt);
    }
  });

  test("an item's prompts show the first ten of one who liked it and one who did not, early", () => {
    const maker = makerOf(data);
    const early = new Map<string, boolean>();
    for (let user = 1; user <= data.users; user++) {
      for (let position = 0; position <= 10; position++) {
        const row = data.offsets[user]! + position;
        early.set(`${data.interactionItem[row]!} ${user}`, data.interactionRating[row]! > 3);
      }
    }
    let shown = 0;
    for (let item = 1; item <= data.items; item++) {
      const { liker, disliker } = maker.raters.of(item, null);
      const prompt = studentPrompt(maker, "think", { subject: "item", index: item }, null);
      for (const [user, likes, tag] of [
        [liker, true, "Liking User History"],
        [disliker, false, "Disliking User History"],
      ] as const) {
        const anyone = Array.from({ length: data.users }, (_, at) => at + 1).some(
          (each) => early.get(`${item} ${each}`) === likes,
        );
        expect(user !== null, `item ${item}`).toBe(anyone);
        if (user === null) {
          expect(prompt.split(`<${tag}>`)[1]).toMatch(/^\(nobody who (dis)?liked/u);
          continue;
        }
        shown += 1;
        expect(early.get(`${item} ${user}`), `item ${item}`).toBe(likes);
        expect(entries(prompt, tag), `item ${item}`).toEqual(firstTen(user));
      }
    }
    expect(shown).toBeGreaterThan(500);
  });

  test("a teacher's target user is none of the raters shown, and its history is the first ten", () => {
    const maker = makerOf(data);
    for (const target of chooseTargets(data, "item", "all", 1)) {
      const { liker, disliker } = maker.raters.of(target.item, target.user);
      expect([liker, disliker]).not.toContain(target.user);
      const prompt = teacherPrompt(maker, "think", "item", target, null);
      expect(entries(prompt, "Target User History")).toEqual(firstTen(target.user));
    }
  });

  test("the student's forms hold no target", () => {
    for (const [name, prompt] of allPrompts(makerOf(data), "student")) {
      expect(prompt, name).not.toContain("Target User History");
      if (name.startsWith("user ")) expect(prompt, name).not.toContain("<Target");
    }
  });

  test("what a sample asks is what a student is asked, the target user never among the raters", () => {
    const maker = makerOf(data);
    const student = allPrompts(maker, "student");
    for (const [name, prompt] of allPrompts(maker, "sample")) {
      expect(prompt, name).not.toContain("Target User History");
      if (name.startsWith("user ")) expect(prompt, name).toBe(student.get(name));
    }
    for (const target of chooseTargets(data, "item", "all", 1)) {
      const about = { subject: "item", index: target.item } as const;
      const { liker, disliker } = maker.raters.of(target.item, target.user);
      const prompt = studentPrompt(maker, "think", about, null, target);
      expect(entries(prompt, "Liking User History")).toEqual(liker === null ? [] : firstTen(liker));
      expect(entries(prompt, "Disliking User History")).toEqual(
        disliker === null ? [] : firstTen(disliker),
      );
    }
  });

  test("nothing at or after position 10 changes what a student is asked about a user", () => {
    const after = allPrompts(makerOf(changedFrom(data, 10)), "student");
    for (const [name, prompt] of allPrompts(makerOf(data), "student")) {
      if (name.startsWith("user ") && after.get(name) !== prompt) expect.fail(name);
    }
  });

  test.each(["student", "teacher", "sample"] as const)(
    "nothing at or after position 11 of anyone changes any %s prompt, the choice of raters included",
    (form) => {
      const before = allPrompts(makerOf(data), form);
      const after = allPrompts(makerOf(changedFrom(data, 11)), form);
      expect(before.size).toBeGreaterThan(3000);
      expect(STEPS.every((step) => [...before.keys()].some((name) => name.endsWith(step)))).toBe(
        true,
      );
      expect(after.size).toBe(before.size);
      for (const [name, prompt] of before) {
        if (after.get(name) !== prompt) expect.fail(`${name} depends on positions from 11 on`);
      }
    },
  );

  test("raters from all training positions do look there: the option does what its mark says", () => {
    const before = allPrompts(makerOf(data, "train"), "student");
    const after = allPrompts(makerOf(changedFrom(data, 11), "train"), "student");
    expect([...before].some(([name, prompt]) => after.get(name) !== prompt)).toBe(true);
  });
});
