import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KnowledgeData } from "../../../../runners/base/artifacts/knowledge.js";
import { readKnowledgeData, readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { profileRunner } from "../../../../runners/stages/profile/runner.js";
import { itemProfile, userProfile } from "../../../../runners/stages/profile/program.js";
import { lengthOf } from "../../../../runners/base/prompts/index.js";
import { prepare, removeFolders } from "../../stages/dataset/stage.js";
import { runStage } from "../../../support/stage.js";
import { changedFrom } from "../../../support/knowledge/changed.js";

describe("profile text of ML-100K", () => {
  let dataset: string;
  let data: KnowledgeData;

  beforeAll(async () => {
    dataset = (await prepare("ml-100k")).out;
    data = await readKnowledgeData(dataset);
  });
  afterAll(removeFolders);

  /** The data with everything from a position on replaced, and the split too. */
  const changed = (position: number): KnowledgeData => ({
    ...changedFrom(data, position),
    split: data.split.map(() => 0),
  });

  it("says of every user nothing that depends on position 10 or later", () => {
    const other = changed(10);
    for (let user = 1; user <= data.users; user++) {
      expect(userProfile(other, user, 10)).toBe(userProfile(data, user, 10));
    }
  });

  it("does depend on the last position that it may show", () => {
    const other = changed(9);
    let same = 0;
    for (let user = 1; user <= data.users; user++) {
      if (userProfile(other, user, 10) === userProfile(data, user, 10)) same += 1;
    }
    expect(same).toBe(0);
  });

  it("says of every item nothing that depends on any interaction", () => {
    const other = changed(0);
    for (let item = 1; item <= data.items; item++) {
      expect(itemProfile(other, item)).toBe(itemProfile(data, item));
    }
  });

  it("shows each user exactly the titles of the first interactions", async () => {
    const runner = profileRunner;
    const { out } = await runStage({ runner, params: { history: 10 }, inputs: { dataset } });
    const users = await readTexts(out, "users");
    expect(users).toHaveLength(943);
    expect(await readTexts(out, "items")).toHaveLength(1682);
    for (const { index, text } of users) {
      const first = data.offsets[index]!;
      const shown = Array.from(
        { length: Math.min(10, lengthOf(data, index)) },
        (_, position) => data.titles[data.interactionItem[first + position]!]!,
      );
      const titles = [...text.matchAll(/Rated \d: (.*?)\.(?= Rated \d: |$)/gu)].flatMap((match) =>
        match[1]!.split("; "),
      );
      expect(titles.sort()).toEqual(shown.sort());
    }
  });
});
