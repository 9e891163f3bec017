import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newFolder, removeFolders } from "./stage.js";
import { R4EC } from "../../../support/command-line.js";

const data = join(import.meta.dirname, "../../../data");
afterAll(removeFolders);

let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  await mkdir(join(folder, "store"));
});

/** `r4ec dataset` on a spec with this `dataset` block. */
async function dataset(
  block: object | string,
  ...options: string[]
): Promise<{ stdout: string; stderr: string; exitCode: number | undefined }> {
  const spec = join(folder, "spec.yaml");
  const settings = { name: "data", dataset: block, knowledge: "none", backbone: "din" };
  await writeFile(spec, JSON.stringify(settings));
  const args = [R4EC, "dataset", spec, "--store", join(folder, "store"), ...options];
  const toolchain = join(folder, "toolchain");
  const ended = await execa(process.execPath, args, {
    reject: false,
    env: { R4EC_TOOLCHAIN: toolchain, R4EC_DOWNLOADS: join(toolchain, "downloads") },
  });
  return { stdout: ended.stdout, stderr: ended.stderr, exitCode: ended.exitCode };
}

/** Every file of the store's artifacts, with the time it was written. */
async function artifacts(): Promise<[string, number][]> {
  const top = join(folder, "store/artifacts");
  const names = await readdir(top, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => [name, (await stat(join(top, name))).mtimeMs]),
  );
}

test("a spec's data set is prepared, counted as JSON, and not prepared again", async () => {
  const first = await dataset("ml-100k", "--json");
  expect(first.exitCode).toBe(0);
  expect(JSON.parse(first.stdout)).toEqual({
    datasets: [
      {
        id: "ml-100k",
        users: 943,
        items: 1682,
        attributes: 19,
        train: { samples: 70_189, positives: 38_897 },
        valid: { samples: expect.any(Number) as number, positives: expect.any(Number) as number },
        test: { samples: 19_438, positives: 10_388 },
        interactions: { read: 100_000, dropped: {}, kept: 100_000 },
        lengths: { shortest: 20, median: 65, longest: 737 },
        unseen: {
          users: expect.any(Number) as number,
          user_samples: expect.any(Number) as number,
          items: expect.any(Number) as number,
          item_samples: expect.any(Number) as number,
        },
        examples: expect.arrayContaining([
          expect.stringMatching(
            /^user \d+ after \d+ interactions, the last ones ".*\((positive|\d, (positive|negative))\)$/,
          ),
        ]) as string[],
      },
    ],
  });
  expect(first.stderr).toContain("GroupLens");
  const made = await artifacts();
  const second = await dataset({ id: "ml-100k", day_zone: "UTC" }, "--json");
  expect(second.stdout).toBe(first.stdout);
  expect(second.stderr).toMatch(/^store: \S+ \(--store\)$/);
  expect(await artifacts()).toEqual(made);
});

test("with a split by users each fold is counted as its stage splits it", async () => {
  const { stdout, stderr } = await dataset(
    { id: "ml-1m", path: join(data, "ml-1m"), split: { by: "users", folds: 2, fold: 2 } },
    "--json",
  );
  const { datasets } = JSON.parse(stdout || stderr) as { datasets: { [key: string]: unknown }[] };
  expect(datasets).toMatchObject([{ fold: 2, folds: 2 }]);
  const [{ train, test: tested, unseen }] = datasets as [
    { [key: string]: { readonly [key: string]: number } },
  ];
  // Nobody who is tested is trained on.
  expect(unseen!["user_samples"]).toBe(tested!["samples"]);
  expect(tested!["samples"]).toBeGreaterThan(0);
  expect(train!["samples"]).toBeGreaterThan(0);
});

test("people get a table", async () => {
  const { stdout, exitCode } = await dataset({ id: "ml-1m", path: join(data, "ml-1m") });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/data set +users +items/);
  expect(stdout).toMatch(/ml-1m +6 +30/);
  expect(stdout).toMatch(/ml-1m: \d+ interactions read, \d+ kept/);
  expect(stdout).toMatch(/tested without training: \d+ users/);
});

test("what the files hold wrong ends the command with status 2 and makes nothing", async () => {
  const before = await artifacts();
  const copy = join(folder, "copy");
  await mkdir(copy, { recursive: true });
  await writeFile(join(copy, "ratings.dat"), "1::2::9::978300760\n");
  await writeFile(join(copy, "movies.dat"), "2::A (1999)::Drama\n");
  const { exitCode, stdout, stderr } = await dataset({ id: "ml-1m", path: copy }, "--json");
  expect(exitCode).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/ratings\.dat:1: a rating of 9/);
  expect(await artifacts()).toEqual(before);
  expect(await readdir(join(folder, "store/staging"))).toEqual([]);
});

test("a data set without its files is an error at its place in the spec", async () => {
  const { exitCode, stderr } = await dataset({ id: "amazon-books", reviews: "none.json.gz" });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/spec\.yaml:1:\d+ error: there is no file none\.json\.gz/);
  expect(stderr).toMatch(/amazon-books needs `metadata`/);
});
