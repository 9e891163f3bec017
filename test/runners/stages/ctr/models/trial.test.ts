import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Diagnostic } from "../../../../../src/base/diagnostic.js";
import { tryModules } from "../../../../../runners/stages/ctr/trial/try-modules.js";
import { commandLine } from "../../../../support/command-line.js";
import { newFolder, removeFolders } from "../../../../support/stage.js";
import { testToolchain } from "../../../../support/toolchain.js";

const example = fileURLToPath(new URL("../../../../../docs/examples/nfm.mjs", import.meta.url));
/** Bodies of `build`, the third line of a module, with the place and the words of the mistake. */
const WRONG: { readonly [name: string]: readonly [body: string, at: string, words: string] } = {
  call: ["const a = kit.dens('a', 8, 1); return () => a;", "3:", "kit.dens is not a function"],
  width: [
    "const a = kit.dense('a', 6, 1);\nreturn (s) =>\n  a(s.target);",
    "5:3",
    "the layer a was made for a width of 6 and is given 24",
  ],
  rows: ["return (s) =>\n  s.target.sum();", "4:12", "needs rows and was given a vector"],
  nothing: ["return () => {};", "1:1", "nothing returned nothing for a sample"],
  none: ["", "1:1", "build of none returned nothing, not a function of a sample"],
  wide: ["return (s) => s.target;", "1:1", "wide must end in a vector of width 1"],
  thrown: [
    "if (shape.options.deep > 1)\n  throw new RangeError('too deep');\nreturn null;",
    "4:9",
    "RangeError: too deep",
  ],
};
let folder: string;
let environment: { readonly [name: string]: string };
beforeAll(async () => {
  ({ environment } = await testToolchain("tensorflow"));
  folder = await newFolder();
  for (const [id, [body]] of Object.entries(WRONG)) {
    const options = `{ properties: { deep: { type: "integer", default: 3 } } }`;
    const text = `export default {\nid: "${id}", description: "d", options: ${options},\nbuild(kit, shape) { ${body} } };\n`;
    writeFileSync(path.join(folder, `${id}.mjs`), text);
  }
}, 300_000);
afterAll(removeFolders);

it("tells the mistakes of modules at their lines, and nothing of those that are right", async () => {
  const cells = [...Object.keys(WRONG).map((id) => `./${id}.mjs`), example].map((backbone) => ({
    backbone,
    ctr: { embedding_dim: 8 },
  }));
  const found = await tryModules(cells, { folder }, () => Promise.resolve(environment));
  const told = ({ file, line, column, message }: Diagnostic): string =>
    `${path.basename(file, ".mjs")} ${line}:${column} ${message}`;
  expect(found).toHaveLength(Object.keys(WRONG).length);
  for (const [at, [id, [, place, words]]] of Object.entries(WRONG).entries()) {
    expect(found[at]).toMatchObject({ severity: "error", path: "backbone" });
    expect(told(found[at]!)).toMatch(new RegExp(`^${id} ${place}`));
    expect(told(found[at]!)).toContain(words);
  }
}, 120_000);

it("tries a module with the fields that the data set names", async () => {
  const file = path.join(folder, "fields.mjs");
  const body = 'const a = kit.dense("a", 8, 1);\nreturn (s) =>\n  a(s.field("country"));';
  const text = `export default {\nid: "fields", description: "d", options: { properties: {} },\nbuild(kit) { ${body} } };\n`;
  writeFileSync(file, text);
  const cell = (fields: string[]) => ({
    ...{ backbone: "./fields.mjs", ctr: { embedding_dim: 8 } },
    dataset: { id: "table", users: { fields }, interactions: { fields: ["device"] } },
  });
  const found = await tryModules([cell(["age"]), cell(["country"])], { folder }, () =>
    Promise.resolve(environment),
  );
  expect(found.map(({ line, message }) => [line, message])).toEqual([
    [5, "there is no field country here; the data set has age, device"],
  ]);
}, 120_000);

it("says where nothing can be tried", async () => {
  const [hint] = await tryModules([{ backbone: example }], { folder }, () => Promise.resolve(null));
  expect(hint).toMatchObject({ severity: "hint", file: example });
  expect(hint!.message).toContain("TensorFlow is not installed");
  expect(await tryModules([{ backbone: "din" }], { folder }, () => Promise.resolve(null))).toEqual(
    [],
  );
});

it("says how many of how many models it tried, spread over all", async () => {
  // Of 60 embedding sizes the largest alone is refused by the module.
  const file = path.join(folder, "many.mjs");
  const build = `if (shape.embeddingDim === 60) throw new RangeError("too wide");
const a = kit.dense("a", shape.embeddingDim, 1);
const input = kit.fields();
return (sample) => a(input.read(sample).sum());`;
  writeFileSync(
    file,
    `export default { id: "many", description: "d", options: { properties: {} }, build(kit, shape) { ${build} } };`,
  );
  const cells = Array.from({ length: 60 }, (_, n) => ({
    backbone: "./many.mjs",
    ctr: { embedding_dim: n + 1 },
  }));
  const found = await tryModules(cells, { folder }, () => Promise.resolve(environment));
  expect(found.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
    "error RangeError: too wide",
    "hint 24 of its 60 models in this sweep were tried, spread over all: 36 were not",
  ]);
}, 120_000);

it("is a part of validate, with the cell's own options", async () => {
  const text = `name: t\ndataset: ml-100k\nknowledge: none\nbackbone: ./thrown.mjs\n`;
  writeFileSync(path.join(folder, "spec.yaml"), text);
  const validate = commandLine(() => folder, environment);
  const { exitCode, stdout } = await validate("validate", "spec.yaml", "--json");
  expect(exitCode).toBe(2);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  expect(diagnostics).toEqual([
    expect.objectContaining({ severity: "error", line: 4, message: "RangeError: too deep" }),
  ]);
  const other = await validate("validate", "spec.yaml", "ctr.thrown.deep=1");
  expect(other.stdout + other.stderr).toContain("not a function of a sample");
}, 120_000);
