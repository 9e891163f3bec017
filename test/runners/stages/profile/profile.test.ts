import { afterAll, describe, expect, it } from "vitest";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { profileRunner } from "../../../../runners/stages/profile/runner.js";
import { removeFolders, runStage } from "../../../support/stage.js";
import type { Rated } from "../../../support/knowledge/dataset.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";

afterAll(removeFolders);

const runner = profileRunner;
const items = Array.from({ length: 14 }, (_, item) => ({
  title: `Film ${String.fromCharCode(65 + item)} (1990)`,
}));

describe("the profile text", () => {
  it("tells a user's first ratings, best first, and an item's title and genres", async () => {
    const dataset = await writeDataset({
      users: [
        [
          [1, 4],
          [2, 5],
          [3, 4],
          [4, 1],
        ],
        [],
      ],
      items: [
        { title: "Toy Story (1995)", genres: ["Animation", "Comedy"] },
        { title: "Fargo (1996)", genres: ["Thriller"] },
        { title: null, genres: ["Drama"] },
        { title: null },
      ],
    });
    const { out, result } = await runStage({
      runner,
      params: { history: 10 },
      inputs: { dataset },
    });
    expect(await readTexts(out, "users")).toEqual([
      {
        index: 1,
        text: "Rated 5: Fargo (1996). Rated 4: Toy Story (1995); (title unknown). Rated 1: (title unknown).",
      },
    ]);
    expect(await readTexts(out, "items")).toEqual([
      { index: 1, text: "Toy Story (1995). Genres: Animation, Comedy." },
      { index: 2, text: "Fargo (1996). Genre: Thriller." },
      { index: 3, text: "Genre: Drama." },
    ]);
    expect(result?.metrics).toEqual({ "users.texts": 1, "items.texts": 3 });
  });

  it("looks at no interaction at or after the position `history`", async () => {
    const rated = items.map((_, item): Rated => [item + 1, (item % 5) + 1]);
    const before = await writeDataset({ users: [rated], items });
    for (const history of [1, 5, 10]) {
      const { out } = await runStage({ runner, params: { history }, inputs: { dataset: before } });
      const [user] = await readTexts(out, "users");
      rated.forEach(([item], position) => {
        expect(user!.text.includes(items[item - 1]!.title)).toBe(position < history);
      });
      // Other ratings and items later on change nothing.
      const later = rated.map((each, position): Rated => (position < history ? each : [14, 5]));
      const changed = await writeDataset({ users: [later], items });
      const again = await runStage({ runner, params: { history }, inputs: { dataset: changed } });
      expect(await readTexts(again.out, "users")).toEqual([user]);
    }
  });

  it("refuses a history that would reach the teacher's target", async () => {
    const dataset = await writeDataset({ users: [[[1, 4]]], items });
    const { thrown } = await runStage({ runner, params: { history: 11 }, inputs: { dataset } });
    expect(String(thrown)).toMatch(/history of 11/);
  });
});
