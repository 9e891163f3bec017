import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { science } from "../../../../../runners/registry.js";
import { readItems } from "../../../../../runners/base/artifacts/dataset.js";
import { trySources } from "../../../../../runners/stages/dataset/own-module/try-sources.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { readSpec } from "../../../../../src/spec/load.js";
import { commandLine } from "../../../../support/command-line.js";
import { newFolder, prepare, removeFolders } from "../stage.js";

const example = path.resolve(import.meta.dirname, "../../../../../docs/examples/play-times.mjs");
let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  await copyFile(example, path.join(folder, "play-times.mjs"));
  const lines = Array.from({ length: 160 }, (_, n) => {
    const [user, place] = [n % 8, Math.floor(n / 8)];
    const day = new Date(1_402_000_000_000 + place * 86_400_000 + user * 1000).toISOString();
    return `u${user};${(user * 3 + place) % 25};${1 + ((user + place) % 5)};${day};phone`;
  });
  await writeFile(path.join(folder, "sessions.log"), lines.join("\n"));
  const games = Array.from({ length: 25 }, (_, item) => ({
    item,
    title: `Game ${item}`,
    tags: ["a"],
  }));
  await writeFile(path.join(folder, "games.json"), JSON.stringify(games));
});
afterAll(removeFolders);

const FILES = "files: { log: sessions.log, games: games.json }";
const read = (dataset: string, more = "", at = folder) =>
  readSpec(
    { file: "a.yaml", folder: at, text: `name: t\nknowledge: none\ndataset: ${dataset}\n${more}` },
    science,
  );
const said = (dataset: string, more = ""): string[] => {
  const spec = read(dataset, more);
  const all = spec.ok ? spec.value.diagnostics : spec.error;
  return all.map(({ line, column, message }) => `${line}:${column} ${message}`);
};
const blocksOf = (dataset: string, more = "", at = folder): JsonObject[] => {
  const spec = read(dataset, more, at);
  if (!spec.ok) throw new Error(spec.error.map(({ message }) => message).join("\n"));
  return spec.value.cells.map(({ settings }) => settings["dataset"] as JsonObject);
};
/** A module of twelve rows for each of two users; `code` may name other members. */
const written = async (name: string, code: string): Promise<void> => {
  const rows = `Array.from({ length: 40 }, (_, n) => ({ user: n % 2, item: n % 13, rating: 1 + (n % 5), time: n }))`;
  const text = `const rows = () => ${rows};\nexport default { id: "${path.parse(name).name}", description: "d",\n${code} };\n`;
  await writeFile(path.join(folder, name), text);
};
const GOOD = "interactions: rows, settings: { label: { above: 3 } }";

describe("a module as a data set", () => {
  it("has options, files and defaults as settings, and an axis for each option", () => {
    const axis = "sweep: { grid: { dataset.options.least: [0, 2] } }";
    const blocks = blocksOf(`{ id: ./play-times.mjs, ${FILES} }`, axis);
    expect(blocks.map(({ options }) => options)).toEqual([{ least: 0 }, { least: 2 }]);
    expect(blocks[0]).toMatchObject({
      name: "play-times",
      label: { above: 2 },
      words: { one: "game" },
      user_core: 1,
    });
  });

  it("gives the rows of a data set, with options, fields and a split by column", async () => {
    await written(
      "parts.mjs",
      `*interactions() { for (const row of rows()) yield { ...row, part: row.time > 31 ? "test" : "train", place: [row.user, 9n] }; },
      items: async () => [{ item: 1, title: "One", kind: "odd" }, ...Array.from({ length: 13 }, (_, n) => ({ item: n, title: null, kind: "k" })).filter(({ item }) => item !== 1)],
      users() { return new Set([{ user: 0, born: new Date(0) }, { user: 1, born: undefined }]); },
      settings: { items: { attributes: ["kind"] } }`,
    );
    const [block] = blocksOf(
      "{ id: ./parts.mjs, label: { above: 3 }, split: { by: column, column: part }, interactions: { fields: [place] }, users: { fields: [born] } }",
    );
    const { result, out, error } = await prepare(block!, folder);
    expect(error).toBeUndefined();
    expect(result!.metrics).toMatchObject({ users: 2, items: 13, "test.samples": 8 });
    expect((await readItems(out)).find(({ id }) => id === "1")).toMatchObject({
      title: "One",
      attributes: ["odd"],
    });
  });

  it("has another fingerprint when its file, its options or its files change", async () => {
    await written(
      "print.mjs",
      `${GOOD}, options: { properties: { a: { type: "integer", default: 1 } } }`,
    );
    const stage = (options: string) => {
      const [dataset] = blocksOf(`{ id: ./print.mjs${options} }`);
      return science.plan({ dataset: dataset!, backbone: "bias" }, { folder }).inputs["dataset"]!;
    };
    expect(stage("").files).toEqual({ module: { path: path.join(folder, "print.mjs") } });
    expect(stage("").params).toEqual(stage(", options: { a: 1 }").params);
    expect(stage("").params).not.toEqual(stage(", options: { a: 2 }").params);
  });

  it("may be TypeScript, and is found from a spec that extends another folder's", async () => {
    const inner = path.join(folder, "inner");
    await mkdir(inner, { recursive: true });
    await writeFile(
      path.join(folder, "typed.ts"),
      `type Row = { user: number };\nexport const source = { id: "typed", description: "d", files: ["a"], interactions: (): Row[] => [], settings: { label: { above: 1 } } };\n`,
    );
    await writeFile(
      path.join(folder, "base.yaml"),
      `name: b\ndataset: { id: ./typed.ts, files: { a: games.json } }\n`,
    );
    const text = "extends: ../base.yaml\nname: t\nknowledge: none\n";
    const spec = readSpec({ file: path.join(inner, "a.yaml"), folder: inner, text }, science);
    expect(spec.ok ? spec.value.cells[0]!.settings["dataset"] : spec.error).toMatchObject({
      id: "../typed.ts",
      files: { a: "../games.json" },
      label: { above: 1 },
    });
  });

  it("is what r4ec dataset shows", async () => {
    const text = `name: t\nknowledge: none\ndataset: { id: ./play-times.mjs, ${FILES} }\nsweep: { grid: { dataset.options.least: [0, 2] } }\n`;
    await writeFile(path.join(folder, "a.yaml"), text);
    const { stdout, stderr, exitCode } = await commandLine(() => folder)(
      "dataset",
      "a.yaml",
      "--json",
    );
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      datasets: [
        { id: "play-times", users: 8, interactions: { read: 160 } },
        { id: "play-times", users: 8, interactions: { read: 128 } },
      ],
    });
  }, 60_000);
});

describe("mistakes", () => {
  /** By name: the module's text, or members after `id` and `description`; what is said, at the spec's third line. */
  const WRONG: {
    readonly [name: string]: readonly [text: string, dataset: string, ...said: readonly string[]];
  } = {
    nothing: [
      "whole: export const a = 1;",
      "",
      "3:16 .*nothing.mjs must export a source, as `source` or by default",
    ],
    syntax: [
      "whole: export const source = {",
      "",
      "3:16 .*syntax.mjs can't be loaded as a data set: ",
    ],
    rowless: ["items: rows", "", "3:16 .* exports a source whose interactions is not a function"],
    typo: [
      `${GOOD}, user: rows`,
      "",
      '3:16 .* exports a source with "user", which r4ec does not know; it may have id, ',
    ],
    schema: [
      `${GOOD}, options: { properties: { a: { type: "whole" } } }`,
      "",
      "3:16 .* options are not a JSON Schema: ",
    ],
    settings: [
      "interactions: rows, settings: { lable: 1 }",
      "",
      '3:16 .* exports a source settings with wrong settings: dataset does not know "lable"',
    ],
    unlabelled: [
      "interactions: rows",
      "",
      "3:10 a module of your own needs `label`, such as {above: 3}",
    ],
    option: [
      `${GOOD}, options: { properties: { deep: { type: "integer" } } }`,
      ", options: { dep: 1 }",
      '3:41 unknown setting "dep" in dataset.options; did you mean deep?',
    ],
    value: [
      `${GOOD}, options: { properties: { deep: { type: "integer" } } }`,
      ", options: { deep: x }",
      '3:46 dataset.options.deep must be a whole number, not "x"',
    ],
    files: [
      `${GOOD}, files: ["log"]`,
      ", files: { lag: a }",
      "3:10 the module files needs dataset.files.log",
      "3:43 the module files reads no file called lag; it reads log",
    ],
    gone: [
      `${GOOD}, files: ["log"]`,
      ", files: { log: gone.log }",
      "3:42 there is no file gone.log",
    ],
    itemless: [GOOD, ", items: { title: name }", "3:39 the module itemless has no function items"],
    file: [
      GOOD,
      ", interactions: { file: a.csv }",
      "3:50 the module gives the rows itself; the files that it reads stand in dataset.files",
    ],
    both: [
      "interactions: rows",
      ", label: { column: c }, interactions: { rating: r }",
      "3:74 the label is the column c",
    ],
  };

  it.each(Object.entries(WRONG))(
    "are told in the spec: %s",
    async (name, [text, dataset, ...wanted]) => {
      if (text.startsWith("whole: "))
        await writeFile(path.join(folder, `${name}.mjs`), text.slice(7));
      else await written(`${name}.mjs`, text);
      const found = said(`{ id: ./${name}.mjs${dataset} }`);
      expect(found).toHaveLength(wanted.length);
      for (const [at, words] of wanted.entries())
        expect(found[at]).toMatch(new RegExp(`^${words}`));
    },
  );

  it("are told where there is no such file, no module, or a set that reads no options", () => {
    expect(said("./none.mjs")[0]).toMatch(/^3:1 there is no file .*none.mjs/);
    expect(said("my.csv")[0]).toMatch(
      /^3:10 unknown value "my.csv" for dataset; it must be one of ml-100k/,
    );
    expect(said("{ id: ml-100k, options: { least: 1 } }")[0]).toMatch(
      /^3:25 dataset.options has no effect: only a module of your own reads it/,
    );
    expect(
      said(
        `{ id: ./play-times.mjs, ${FILES} }`,
        "sweep: { grid: { dataset.options.last: [1] } }",
      )[0],
    ).toMatch(/dataset.options.last.*did you mean dataset.options.least/);
  });

  /** By name: the members of a module, the line where the mistake is told, and the words. */
  const TRIED: { readonly [name: string]: readonly [code: string, at: string, words: string] } = {
    thrown: [
      "*interactions() {\n  yield rows()[0];\n  throw new RangeError('no more');\n}",
      "5:9",
      "RangeError: no more",
    ],
    text: ["interactions: () => 'rows'", "3:1", "interactions gives 'rows': it has to give rows"],
    empty: ["interactions: () => []", "3:1", "interactions gives no row with a rating"],
    unrated: [
      "interactions: () => rows().map(({ user, item }) => ({ user, item }))",
      "3:1",
      'no row of interactions has "rating"',
    ],
    infinite: [
      "*interactions() { for (;;) yield { user: 1, item: 2, rating: NaN }; }",
      "3:2",
      "1000 of 1000 rows of interactions can't be used (at most 0.1 % may be bad): row 1 of interactions: rating is NaN, neither text nor number",
    ],
    list: [
      "interactions: () => [[1, 2, 3]]",
      "3:1",
      "it is [ 1, 2, 3 ], not an object with a value for each column",
    ],
    late: [
      "interactions: rows,\nasync items() {\n  await undefined;\n  return x.y;\n}",
      "6:3",
      "ReferenceError: x is not defined",
    ],
    twice: [
      "interactions: rows,\nitems: () => [{ item: 1 }, { item: 1 }]",
      "4:1",
      "row 2 of items: item 1 stands in row 1 of items already",
    ],
  };

  it("are told at the module's line by a trial", async () => {
    for (const [name, [code]] of Object.entries(TRIED)) await written(`${name}.mjs`, code);
    const cells = [...Object.keys(TRIED).map((name) => `./${name}.mjs`), "./play-times.mjs"].map(
      (id) => ({
        dataset: {
          id,
          label: { above: 3 },
          ...(id === "./play-times.mjs"
            ? { files: { log: "sessions.log", games: "games.json" } }
            : {}),
        },
      }),
    );
    const found = await trySources(cells, { folder });
    expect(
      found.map(({ file, line, column }) => `${path.basename(file, ".mjs")} ${line}:${column}`),
    ).toEqual(Object.entries(TRIED).map(([name, [, at]]) => `${name} ${at}`));
    for (const [at, [, , words]] of Object.values(TRIED).entries())
      expect(found[at]).toMatchObject({
        severity: "error",
        message: expect.stringContaining(words) as string,
      });
  }, 120_000);

  it("of a module that runs are the stage's, at the module's line", async () => {
    await written(
      "breaks.mjs",
      `${GOOD.replace("interactions: rows", "*interactions() {\n  yield* rows();\n  null.x;\n}")}`,
    );
    const { error } = await prepare({ id: "./breaks.mjs", label: { above: 3 } }, folder);
    expect(error).toMatchObject({
      kind: "spec",
      message: expect.stringMatching(
        /breaks\.mjs:5:8: TypeError: Cannot read properties of null/,
      ) as string,
    });
  });
});
