import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy } from "../../runners/base/files/npy.js";
import { commandLine } from "../support/command-line.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";

let folder: string;
const run = commandLine(() => folder);
const r4ec = async (...args: string[]): Promise<unknown> => {
  const { exitCode, stdout, stderr } = await run(...args, "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
};

/** 24 users with 30 interactions of 40 items each. */
const rows = Array.from({ length: 720 }, (_, n) => {
  const [user, place] = [n % 24, Math.floor(n / 24)];
  const item = (user * 7 + place) % 40;
  return { user, item, stars: 1 + ((item + user * place) % 5), time: 1_400_000_000 + n * 3600 };
});
const lines = (header: string, line: (row: (typeof rows)[number]) => string): string =>
  [header, ...rows.map(line)].join("\n");
const added = (seconds: number): string => {
  const [day, date, month, year, time] = new Date(seconds * 1000).toUTCString().split(" ");
  return [day!.slice(0, 3), month, date, time, "+0000", year].join(" ");
};

const files: { readonly [name: string]: string } = {
  "ratings.csv": lines("user_id,book_id,stars,added,device", (row) =>
    [
      ...[`"u${row.user}"`, `00${row.item}`, row.stars, added(row.time)],
      ["phone", "desk"][row.time % 7 < 3 ? 0 : 1],
    ].join(","),
  ),
  "books.csv": [
    "book_id,title,publisher,genres,pages",
    ...Array.from(
      { length: 40 },
      (_, id) =>
        `00${id},"The ""Great"" Comic, ${id}",Press ${id % 3},${["funny", "sad|long"][id % 2]},${id * 7}`,
    ),
  ].join("\n"),
  "users.tsv": [
    "user_id\tcountry\tage",
    ...Array.from({ length: 24 }, (_, id) => `u${id}\t${["NL", "DE"][id % 2]}\t${20 + id}`),
  ].join("\n"),
  "half.jsonl": [0.5, 2.5, 4.5]
    .map((rating) => JSON.stringify({ user: 3, item: 12, history: [{ item: 7, rating }] }))
    .join("\n"),
  "new.jsonl": ["phone", "desk", "fax"]
    .map((device) => JSON.stringify({ user: "u1", item: "0012", context: { device } }))
    .join("\n"),
  "toys.inter": lines("user_id:token\titem_id:token\trating:float\ttimestamp:float", (row) =>
    [row.user, row.item, `${row.stars}.0`, row.time].join("\t"),
  ),
  "ml.csv": lines("userId,movieId,rating,timestamp", (row) =>
    [row.user, row.item, row.stars - 0.5, row.time].join(","),
  ),
};

const specs: { readonly [name: string]: string } = {
  goodreads: `
dataset:
  id: table
  name: goodreads-comics
  interactions: { file: ratings.csv, user: user_id, item: book_id, rating: stars, time: added, time_format: "%a %b %d %H:%M:%S %z %Y", fields: [device] }
  items: { file: books.csv, item: book_id, title: title, attributes: [publisher], fields: [{ column: genres, separator: "|" }, { column: pages, buckets: 4 }] }
  users: { file: users.tsv, user: user_id, fields: [country, { column: age, standardise: true }] }
  label: { above: 3 }
  user_core: 5
  item_core: 5
  words: { one: comic, many: comics, read: read }
knowledge: { variant: none, embed: encoder }
backbone: din
sweep: { grid: { knowledge.variant: [none, profile] } }
`,
  recbole: `
dataset: { id: table, name: toys, interactions: { file: toys.inter }, label: { implicit: { negatives: 2 } } }
knowledge: none
sweep: { grid: { backbone: [din, bias] } }
`,
  movielens: `
dataset:
  id: table
  name: ml
  interactions: { file: ml.csv, user: userId, item: movieId, rating: rating, time: timestamp }
  label: { above: 2.5 }
  split: { by: leave-last, n: 3 }
knowledge: none
sweep: { grid: { backbone: [din, bias] } }
`,
};

beforeAll(async () => {
  await testToolchain("tensorflow");
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-table-"));
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), content);
}, INSTALL_TIMEOUT);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A history may have the ratings of the file, and no others. */
async function checkHalfStars({ fingerprint }: { readonly fingerprint: string }): Promise<void> {
  const { exitCode, stdout, stderr } = await run("score", fingerprint, "half.jsonl");
  expect(exitCode, stderr).toBe(0);
  const scores = stdout.split("\n").map((line) => (JSON.parse(line) as { score: number }).score);
  expect(new Set(scores).size).toBe(3);
  const whole = { user: 3, item: 12, history: [{ item: 7, rating: 4 }] };
  await writeFile(path.join(folder, "whole.jsonl"), JSON.stringify(whole));
  const refused = await run("score", fingerprint, "whole.jsonl");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("none of the data set's: 0.5, 1.5, 2.5, 3.5, 4.5");
}

/** Scores of a trained cell are those of its test, follow the context, and its export reads the fields. */
async function checkServed(cell: { readonly fingerprint: string }): Promise<void> {
  const id = cell.fingerprint;
  const artifact = path.join(folder, "store/artifacts", id.slice(0, 2), id);
  const scores = async (...args: string[]): Promise<number[]> => {
    const { exitCode, stdout, stderr } = await run("score", id, ...args);
    expect(exitCode, stderr).toBe(0);
    return stdout.split("\n").map((line) => (JSON.parse(line) as { score: number }).score);
  };
  const tested = (await readNpy(path.join(artifact, "predictions.npy"))).data;
  const again = await scores("--split", "test");
  expect(again).toHaveLength(tested.length);
  again.forEach((score, at) => expect(score).toBeCloseTo(tested[at]!, 5));
  const [phone, desk, unknown] = await scores("new.jsonl");
  expect(new Set([phone, desk, unknown]).size).toBe(3);
  const { inputs } = (await r4ec("export", id, "exported")) as { inputs: { name: string }[] };
  expect(inputs.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "user_fields",
      "item_field_weights",
      "history_fields",
      "context_fields",
    ]),
  );
  const fields = await readFile(path.join(folder, "exported/fields.json"), "utf8");
  expect(JSON.parse(fields)).toMatchObject({
    fields: [
      { name: "country" },
      { name: "age" },
      { name: "genres" },
      { name: "pages" },
      { name: "device" },
    ],
  });
}

describe("tables of one's own, from files to trained cells", () => {
  it.each(Object.entries(specs))(
    "%s",
    async (name, spec) => {
      const common = `name: ${name}\nctr: { epochs: 1, batch_size: 64 }\ntracking: { mlflow: "off" }\n`;
      await writeFile(path.join(folder, `${name}.yaml`), `${common}${spec}`);
      const { datasets } = (await r4ec("dataset", `${name}.yaml`)) as {
        datasets: { interactions: { kept: number; dropped: object } }[];
      };
      expect(datasets).toHaveLength(1);
      expect(datasets[0]!.interactions).toEqual({ read: 720, kept: 720, dropped: {} });
      await r4ec("sweep", `${name}.yaml`);
      const { lineage } = (await r4ec("log", `${name}.yaml`)) as {
        lineage: { runner: string; fingerprint: string; metrics: { [name: string]: number } }[];
      };
      const cells = lineage.filter(({ runner }) => runner === "ctr" || runner === "bias");
      expect(cells).toHaveLength(2);
      for (const { metrics } of cells) expect(metrics["test.auc"]).toBeGreaterThan(0);
      const profile = lineage.find(({ runner }) => runner === "profile");
      expect(profile !== undefined).toBe(name === "goodreads");
      if (name === "movielens")
        await checkHalfStars(lineage.find(({ runner }) => runner === "ctr")!);
      if (profile === undefined) return;
      await checkServed(cells.find(({ metrics }) => "unknown.test.device" in metrics)!);
      const id = profile.fingerprint;
      const texts = path.join(folder, "store/artifacts", id.slice(0, 2), id, "items.jsonl");
      expect(await readFile(texts, "utf8")).toContain(
        'The \\"Great\\" Comic, 0. Publisher: Press 0.',
      );
    },
    180_000,
  );
});
