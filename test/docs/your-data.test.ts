import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "yaml";
import { afterAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.js";
import { checkDataset, expandDataset } from "../../runners/stages/dataset/settings.js";
import { readItems } from "../../runners/base/artifacts/dataset.js";
import { datasetFragment } from "../../runners/stages/dataset/schema.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { newFolder, prepare, removeFolders } from "../runners/stages/dataset/stage.js";

const root = path.resolve(import.meta.dirname, "../..");
afterAll(removeFolders);

/** Interactions of eight users, 20 each, with 25 items. */
const rows = Array.from({ length: 160 }, (_, n) => {
  const [user, place] = [n % 8, Math.floor(n / 8)];
  return {
    user: `u${user}`,
    item: String((user * 3 + place) % 25),
    rating: 1 + ((user + place) % 5),
    seconds: 1_402_000_000 + place * 86_400 + user,
  };
});
const table = (header: string, line: (row: (typeof rows)[number]) => string): string =>
  `${[header, ...rows.map(line)].join("\n")}\n`;
const itemLines = (header: string, line: (id: number) => string): string =>
  `${[header, ...Array.from({ length: 25 }, (_, id) => line(id))].join("\n")}\n`;

/** A folder with every file that the page names. */
async function filesOfPage(): Promise<string> {
  const folder = await newFolder();
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const parts = rows.map(({ user, item, rating, seconds }) =>
    [user, item, rating, seconds].join("::"),
  );
  await mkdir(path.join(folder, "parts"));
  const files = {
    "ratings.csv": table(
      "user_id,book_id,stars,added,device",
      ({ user, item, rating, seconds }) =>
        `${user},${item},${rating},${iso(seconds)},${["phone", "desk"][seconds % 2]}`,
    ),
    "books.csv": itemLines(
      "book_id,title,publisher,genres,pages",
      (id) => `${id},"Comic, ${id}",Press ${id % 3},${["funny", "sad|long"][id % 2]},${id * 10}`,
    ),
    "users.tsv": `user_id\tcountry\tage\n${Array.from({ length: 8 }, (_, n) => `u${n}\t${["NL", "DE"][n % 2]}\t${20 + n}`).join("\n")}\n`,
    "parts/ratings-1.dat": parts.slice(0, 70).join("\n"),
    "parts/ratings-2.dat": parts.slice(70).join("\n"),
    "ml-100k.inter": table(
      "user_id:token\titem_id:token\trating:float\ttimestamp:float",
      ({ user, item, rating, seconds }) => [user, item, rating, seconds].join("\t"),
    ),
    "ml-100k.item": itemLines(
      "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
      (id) => `${id}\tMovie ${id}\t1995\t${["Action Comedy", "Drama"][id % 2]}`,
    ),
    "clicks.tsv": table("user\titem\tclicked\ttime", ({ user, item, rating, seconds }) =>
      [user, item, rating > 3 ? 1 : 0, seconds].join("\t"),
    ),
    "sessions.log": rows
      .map(({ user, item, rating, seconds }) =>
        [user, item, rating - 0.5, iso(seconds), ["phone", "desk"][seconds % 2]].join(";"),
      )
      .join("\n"),
    "games.json": JSON.stringify(
      Array.from({ length: 25 }, (_, id) => ({
        item: id,
        title: `Game ${id}`,
        tags: ["a", id % 3],
      })),
    ),
  };
  await copyFile(
    path.join(root, "docs/examples/play-times.mjs"),
    path.join(folder, "play-times.mjs"),
  );
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), content);
  return folder;
}

const validate = new Ajv2020({ strict: false }).compile(datasetFragment);

/** Holds a block against the schema and the check, and prepares it. */
async function prepared(dataset: JsonObject, folder: string) {
  const block = expandDataset(dataset) as JsonObject;
  expect(validate(block), JSON.stringify(validate.errors)).toBe(true);
  expect(checkDataset({ dataset: block }, { folder })).toEqual([]);
  const outcome = await prepare(block, folder);
  expect(outcome.error).toBeUndefined();
  return outcome;
}

const page = await readFile(path.join(root, "docs/your-data.md"), "utf8");
const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);

describe("docs/your-data.md", () => {
  it("has blocks for each kind of table", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(6);
  });

  it.each(blocks)("has a block that becomes a data set: %s", async (block) => {
    const { dataset } = parse(block) as { dataset: JsonObject };
    const { result } = await prepared(dataset, await filesOfPage());
    expect(result!.metrics["users"]).toBe(8);
    expect(result!.metrics["dropped.unreadable"]).toBeUndefined();
  });

  it("names every split that there is", () => {
    const forms = (datasetFragment["anyOf"] as JsonObject[])
      .flatMap(
        (form) =>
          ((form["properties"] as JsonObject | undefined)?.["split"] as JsonObject | undefined)?.[
            "anyOf"
          ] ?? [],
      )
      .flatMap((form) => {
        const by = ((form as JsonObject)["properties"] as JsonObject | undefined)?.["by"];
        return by === undefined ? [] : [(by as JsonObject)["const"] as string];
      });
    expect(new Set(forms).size).toBe(5);
    for (const by of new Set(forms)) expect(page).toContain(`{by: ${by}`);
  });
});

describe("experiments/data", () => {
  const specOf = async (name: string): Promise<JsonObject> =>
    parse(
      await readFile(path.join(root, "experiments/data", `${name}.yaml`), "utf8"),
    ) as JsonObject;

  it.each(["ml-latest-small", "ml-20m", "ml-25m", "ml-32m"])(
    "has a spec that reads the layout of %s",
    async (name) => {
      const folder = await newFolder();
      await mkdir(path.join(folder, name));
      await writeFile(
        path.join(folder, name, "ratings.csv"),
        table(
          "userId,movieId,rating,timestamp",
          ({ user, item, rating, seconds }) =>
            `${user.slice(1)},${item},${rating - 0.5},${seconds}`,
        ),
      );
      await writeFile(
        path.join(folder, name, "movies.csv"),
        itemLines("movieId,title,genres", (id) =>
          id === 3
            ? `3,"Usual Suspects, The (1995)",Crime|Drama`
            : `${id},Movie ${id} (1995),Drama`,
        ),
      );
      const dataset = (await specOf(name))["dataset"] as JsonObject;
      expect(dataset["name"]).toBe(name);
      const { out } = await prepared({ ...dataset, user_core: 1, item_core: 1 }, folder);
      expect((await readItems(out))[3]).toEqual({
        index: 4,
        id: "3",
        title: "Usual Suspects, The (1995)",
        attributes: ["Crime"],
        genres: ["Crime", "Drama"],
      });
    },
  );

  it("has a spec that reads the layout of Amazon Reviews 2023", async () => {
    const folder = await newFolder();
    const reviews = rows.map(({ user, item, rating, seconds }) =>
      JSON.stringify({
        ...{
          rating: rating + 0.0,
          title: "Good",
          text: 'So "good"\nindeed',
          images: [],
          asin: "B0",
        },
        ...{ parent_asin: `B${item}`, user_id: user, timestamp: seconds * 1000 + 417 },
        ...{ helpful_vote: 0, verified_purchase: true },
      }),
    );
    const meta = Array.from({ length: 25 }, (_, id) =>
      JSON.stringify({
        ...{ main_category: "Video Games", title: `Ga\u00efa ${id}`, average_rating: 4.5 },
        ...{ features: [], price: null, store: id % 2 === 0 ? "Sega" : null, details: {} },
        ...{ categories: ["Video Games", "PC"], parent_asin: `B${id}` },
      }),
    );
    await writeFile(path.join(folder, "Video_Games.jsonl.gz"), gzipSync(reviews.join("\n")));
    await writeFile(path.join(folder, "meta_Video_Games.jsonl.gz"), gzipSync(meta.join("\n")));
    const dataset = (await specOf("amazon-2023"))["dataset"] as JsonObject;
    const { out, notes } = await prepared({ ...dataset, user_core: 1, item_core: 1 }, folder);
    const items = await readItems(out);
    expect(items.find(({ id }) => id === "B2")).toMatchObject({
      title: "Gaïa 2",
      attributes: ["Sega", "Video Games"],
    });
    expect(notes.join()).toContain("times are read as milliseconds");
  });
});
