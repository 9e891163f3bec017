import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { readDataset, readItems, readUsers } from "../../../../runners/base/artifacts/dataset.js";
import { datasetStage } from "../../../../runners/stages/dataset/stage.js";
import { newFolder, prepare, removeFolders, type StageOutcome } from "./stage.js";

// Files that were saved by another program, filtered, joined or written by another edition: each is
// read as it is meant, or refused with its place, or what is left out is counted.

const data = join(import.meta.dirname, "../../../data");
afterAll(removeFolders);

const sets = {
  "ml-100k": { ratings: "u.data", movies: "u.item", gap: "\t" },
  "ml-1m": { ratings: "ratings.dat", movies: "movies.dat", gap: "::" },
} as const;
const ids = ["ml-100k", "ml-1m"] as const;
type Id = (typeof ids)[number];
type Change = (bytes: Buffer) => Buffer;

/** The settings of a copy of a MovieLens fixture with one file changed. */
async function copy(
  id: Id,
  file: "ratings" | "movies",
  change: Change,
): Promise<{ readonly id: Id; readonly path: string }> {
  const path = join(await newFolder(), "copy");
  await mkdir(path);
  await cp(join(data, id), path, { recursive: true });
  const name = join(path, sets[id][file]);
  await writeFile(name, change(await readFile(name)));
  return { id, path };
}

const changed = async (...change: Parameters<typeof copy>): Promise<StageOutcome> =>
  prepare(await copy(...change));

const original = (id: Id): Promise<StageOutcome> => prepare({ id, path: id }, data);

const content = async ({ out }: StageOutcome): Promise<unknown> => [
  await readDataset(out),
  await readUsers(out),
  await readItems(out),
];

const mark = Buffer.from([0xef, 0xbb, 0xbf]);
const marked: Change = (bytes) => Buffer.concat([mark, bytes]);
const toUtf8: Change = (bytes) => Buffer.from(bytes.toString("latin1"), "utf8");
const text =
  (edit: (text: string) => string): Change =>
  (bytes) =>
    Buffer.from(edit(bytes.toString("latin1")), "latin1");

const paramsOf = (
  settings: { readonly id: string; readonly path: string },
  folder = "/",
): unknown => datasetStage({ dataset: settings }, { folder }).params;

test.each(ids)("%s: a byte order mark is no part of the first id", async (id) => {
  const expected = await content(await original(id));
  expect(await content(await changed(id, "ratings", marked))).toEqual(expected);
  expect(await content(await changed(id, "movies", (b) => marked(toUtf8(b))))).toEqual(expected);
  expect((await changed(id, "ratings", marked)).result?.metrics).toEqual(
    (await original(id)).result?.metrics,
  );
});

test.each(ids)("%s: movies saved as UTF-8 have the titles of latin-1", async (id) => {
  const expected = await original(id);
  const titles = (await readItems(expected.out)).map(({ title }) => title);
  expect(titles).toContain("Misérables, Les (1995)");
  const found = await changed(id, "movies", toUtf8);
  expect(await content(found)).toEqual(await content(expected));
  expect(found.notes).toEqual(expected.notes);
});

test("movies that were mangled before, or hold two encodings, are told with file and line", async () => {
  const twice = await changed("ml-1m", "movies", (bytes) => toUtf8(toUtf8(bytes)));
  expect(twice.notes.join()).toMatch(/movies\.dat:\d+: letters were lost/);
  const mixed = await changed("ml-1m", "movies", (bytes) =>
    Buffer.concat([bytes, Buffer.from("9999::Amélie (2001)::Comedy\n", "utf8")]),
  );
  expect(mixed.notes.join()).toMatch(/movies\.dat:\d+: this line is in UTF-8 and others are in/);
});

test.each(ids.flatMap((id) => (["ratings", "movies"] as const).map((file) => [id, file] as const)))(
  "%s: %s in UTF-16 are refused",
  async (id, file) => {
    const utf16: Change = (bytes) => Buffer.from(`\ufeff${bytes.toString("latin1")}`, "utf16le");
    const { error } = await changed(id, file, utf16);
    expect(error?.message).toMatch(/:1: the file is in UTF-16; save it as UTF-8/);
  },
);

test.each(
  ids.flatMap((id) =>
    ["-1", '"7"', "+7", "7.0", " 7", "u7"].flatMap((wrong) =>
      [0, 1].map((field) => [id, wrong, field] as const),
    ),
  ),
)("%s: the id %s in field %i of a rating is an error with its line", async (id, wrong, field) => {
  const { gap, ratings } = sets[id];
  const change = text((all) => {
    const lines = all.split("\n");
    const fields = lines[2]!.split(gap);
    fields[field] = wrong;
    lines[2] = fields.join(gap);
    return lines.join("\n");
  });
  const { error, result } = await changed(id, "ratings", change);
  expect(result).toBeUndefined();
  expect(error?.kind).toBe("spec");
  expect(error?.message).toContain(`${ratings}:3: ${field === 0 ? "user" : "item"} `);
  expect(error?.message).toContain(JSON.stringify(wrong));
});

test.each(ids)("%s: an id of a movie that is none, or stands twice, is an error", async (id) => {
  const quoted = text((all) => all.replace(/\n(\d+)/, '\n"$1"'));
  expect((await changed(id, "movies", quoted)).error?.message).toMatch(/:2: item "\\"\d+\\""/);
  const twice = text((all) => all.replace(/^([^\n]*\n)/, "$1$1"));
  expect((await changed(id, "movies", twice)).error?.message).toMatch(
    /:2: item \d+ stands in line 1 already/,
  );
});

test.each(ids)("%s: ratings of a movie without a line are counted and named", async (id) => {
  const { ratings, gap } = sets[id];
  const lines = (await readFile(join(data, id, ratings), "latin1")).trim().split("\n");
  const gone = lines[0]!.split(gap)[1]!;
  const count = lines.filter((line) => line.split(gap)[1] === gone).length;
  const { result, notes } = await changed(
    id,
    "movies",
    text((all) => all.replace(new RegExp(`^${gone}(::|\\|)[^\n]*\n`, "m"), "")),
  );
  expect(result?.metrics["dropped.item_unknown"]).toBe(count);
  expect(notes.join()).toContain(
    `with ${count} of ${lines.length} ratings: ${JSON.stringify(gone)}`,
  );
  expect(notes.join()).toMatch(/1 of \d+ items have no line in the file of items/);
  expect(Object.keys((await original(id)).result!.metrics).join()).not.toContain("dropped");
});

test.each(ids)("%s: repeated ratings are counted and marked, or left out", async (id) => {
  const expected = await original(id);
  const repeat = text((all) => all + all.trim().split("\n").slice(0, 5).join("\n") + "\n");
  const settings = await copy(id, "ratings", repeat);
  const kept = await prepare(settings);
  expect(kept.notes.join()).toMatch(/5 of \d+ ratings are of an item that the user rated before/);
  expect(kept.result?.marks?.["repeats"]).toMatch(/^5 of /);
  const first = await prepare({ ...settings, repeats: "first" });
  expect(first.result?.marks).toBeUndefined();
  expect(first.result?.metrics["dropped.repeated"]).toBe(5);
  // The first one of each stays, so that nothing of the copy is left.
  expect(await content(first)).toEqual(await content(expected));
  expect(expected.result?.marks).toBeUndefined();
});

/** Files of Amazon with records changed, prepared. */
async function amazon(
  review: (record: { [field: string]: unknown }) => unknown,
  item: (record: { [field: string]: unknown }) => unknown,
  change: Change = (bytes) => bytes,
  settings: { readonly repeats?: string } = {},
): Promise<StageOutcome> {
  const folder = await newFolder();
  const rewrite = async (name: string, edit: (record: never) => unknown): Promise<string> => {
    const all = gunzipSync(await readFile(join(data, "amazon", name))).toString("utf8");
    const lines = all.trim().split("\n");
    const edited = lines.map((line) => JSON.stringify(edit(JSON.parse(line) as never)));
    const file = join(folder, name);
    await writeFile(file, gzipSync(change(Buffer.from(edited.join("\n"), "utf8"))));
    return file;
  };
  return prepare({
    id: "amazon-books",
    reviews: await rewrite("Books_5.json.gz", review),
    metadata: await rewrite("meta_Books.json.gz", item),
    user_core: 20,
    item_core: 8,
    ...settings,
  });
}

const same = (record: { [field: string]: unknown }): unknown => record;

test("Amazon: a byte order mark costs no line", async () => {
  const expected = await amazon(same, same);
  const found = await amazon(same, same, marked);
  expect(found.result).toEqual(expected.result);
  expect(await content(found)).toEqual(await content(expected));
});

test.each([
  ["as a list", (category: unknown) => category],
  ["as a list of lists", (category: unknown) => [category]],
])("Amazon: `categories` %s is read as `category` is", async (_, form) => {
  const expected = await amazon(same, same);
  const found = await amazon(same, ({ category, ...record }) => ({
    ...record,
    ...(category === undefined ? {} : { categories: form(category) }),
  }));
  expect(await content(found)).toEqual(await content(expected));
});

test("Amazon: the field names of 2023 give what those of 2018 give", async () => {
  const expected = await amazon(same, same);
  const found = await amazon(
    ({ reviewerID, asin, overall, unixReviewTime }) => ({
      rating: overall,
      title: "t",
      asin: `${String(asin)}-paperback`,
      parent_asin: asin,
      user_id: reviewerID,
      timestamp: 1000 * Number(unixReviewTime) + 321,
    }),
    ({ asin, title, brand, category }) => ({
      main_category: "Books",
      title,
      author: brand === undefined ? null : { name: brand },
      store: typeof brand === "string" ? `${brand} (Author)` : null,
      categories: category ?? [],
      parent_asin: asin,
    }),
  );
  expect(found.error).toBeUndefined();
  const [dataset, users] = (await content(found)) as [{ interactionTime: unknown }, unknown];
  const [other, otherUsers] = (await content(expected)) as [{ interactionTime: unknown }, unknown];
  expect(users).toEqual(otherUsers);
  expect({ ...dataset, interactionTime: 0, attributes: 0, itemAttributes: 0 }).toEqual({
    ...other,
    interactionTime: 0,
    attributes: 0,
    itemAttributes: 0,
  });
  const attributes = async (one: StageOutcome): Promise<unknown> =>
    (await readItems(one.out)).map(({ id, title, attributes: [, second] }) => [id, title, second]);
  expect(await attributes(found)).toEqual(await attributes(expected));
  expect((await readItems(found.out)).some(({ attributes: [brand] }) => brand !== null)).toBe(true);
});

test("Amazon: an attribute that is one for all items is told", async () => {
  const { notes } = await amazon(same, ({ category, ...record }) => ({
    ...record,
    kinds: category,
  }));
  expect(notes.join()).toMatch(/all \d+ items have the same category \("unknown category"\)/);
});

test("Amazon: every review is counted, whatever becomes of it", async () => {
  const lines = gunzipSync(await readFile(join(data, "amazon/Books_5.json.gz")))
    .toString("utf8")
    .trim()
    .split("\n").length;
  for (const repeats of ["keep", "first"]) {
    const { out, result } = await amazon(same, same, undefined, { repeats });
    const dropped = Object.entries(result!.metrics)
      .filter(([name]) => name.startsWith("dropped."))
      .reduce((sum, [, count]) => sum + count, 0);
    expect(dropped + (await readDataset(out)).interactions).toBe(lines);
  }
});

test("what was prepared from such a file before is not used again, and all else is", async () => {
  for (const id of ids) {
    const clean = paramsOf({ id, path: join(data, id) });
    expect(clean).not.toHaveProperty("reading");
    const crlf = text((all) => all.replaceAll("\n", "\r\n"));
    for (const change of [crlf, (bytes: Buffer) => gzipSync(bytes)]) {
      expect(paramsOf(await copy(id, "ratings", change))).toEqual(clean);
      expect(paramsOf(await copy(id, "movies", change))).toEqual(clean);
    }
    for (const [file, change] of [
      ["ratings", marked],
      ["ratings", text((all) => all.replace(/^\d+/, "-1"))],
      ["ratings", (bytes: Buffer) => gzipSync(marked(bytes))],
      ["movies", marked],
      ["movies", toUtf8],
      ["movies", text((all) => all.replace(/^(\d+)/, '"$1"'))],
    ] as const) {
      expect(paramsOf(await copy(id, file, change))).toMatchObject({ reading: 2 });
    }
  }
  const folder = await newFolder();
  const amazonParams = async (reviews: Buffer, metadata: Buffer): Promise<unknown> => {
    await writeFile(join(folder, "r"), reviews);
    await writeFile(join(folder, "m"), metadata);
    const dataset = { id: "amazon-books", reviews: "r", metadata: "m" };
    return datasetStage({ dataset }, { folder }).params;
  };
  const review = Buffer.from('{"reviewerID": "A"}\n');
  const of2018 = Buffer.from('{"asin": "B", "category": []}\n');
  const of2014 = Buffer.from('{"asin": "B", "categories": [[]]}\n');
  expect(await amazonParams(review, gzipSync(of2018))).not.toHaveProperty("reading");
  expect(await amazonParams(gzipSync(marked(review)), of2018)).toMatchObject({ reading: 2 });
  expect(await amazonParams(review, gzipSync(of2014))).toMatchObject({ reading: 2 });
});
