import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { science } from "../../../../../runners/registry.js";
import { loadBackbone } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import type { JsonObject } from "../../../../../src/base/json.js";
import { experimentIn, saidIn } from "../../../../support/spec.js";
import { newFolder, removeFolders } from "../../../../support/stage.js";
import { smallShape } from "./models.js";

const example = fileURLToPath(new URL("../../../../../docs/examples/nfm.mjs", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  copyFileSync(example, path.join(folder, "nfm.mjs"));
});
afterAll(removeFolders);

const START = "name: t\ndataset: ml-100k\nknowledge: none\n";
const cellsOf = (text: string) => experimentIn(folder, START + text).cells;
const said = (text: string): readonly string[] => saidIn(folder, START + text);
const optionsOf = (text: string) =>
  cellsOf(text).map(
    ({ settings }) => (science.plan(settings, { folder }).params as JsonObject)["options"],
  );
const module = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
const written = (id: string, options: string, build = "(kit) => () => null"): string =>
  `export default { id: "${id}", description: "d", options: ${options}, build: ${build} };`;

describe("the options of a module", () => {
  it("are settings and axes like any other, and reach its stage", () => {
    expect(optionsOf("backbone: ./nfm.mjs\nctr: { nfm: { hidden: [9] } }")).toEqual([
      { hidden: [9] },
    ]);
    expect(
      optionsOf("backbone: ./nfm.mjs\nsweep: { grid: { ctr.nfm.hidden: [[8], [4, 2]] } }"),
    ).toEqual([{ hidden: [8] }, { hidden: [4, 2] }]);
  });

  it("change no cell and no stage where they stand at their defaults", () => {
    // Recorded before a module's options could be set.
    const [left, right] = ["", "ctr: { nfm: { hidden: [64, 32] } }"].map(
      (ctr) => cellsOf(`backbone: ./nfm.mjs\n${ctr}`)[0]!,
    );
    expect(left!.id).toBe("6e1df4ded8162bc9");
    expect(right!.id).toBe(left!.id);
    expect(optionsOf("backbone: ./nfm.mjs")).toEqual([{}]);
    expect(optionsOf("backbone: ./nfm.mjs\nctr: { nfm: { hidden: [64, 32] } }")).toEqual([{}]);
    const [din] = cellsOf("backbone: din");
    expect(cellsOf("sweep: { grid: { backbone: [./nfm.mjs, din] } }").map(({ id }) => id)).toEqual([
      left!.id,
      din!.id,
    ]);
  });

  it("have no effect on another backbone", () => {
    const cells = cellsOf(
      "sweep: { grid: { backbone: [din, ./nfm.mjs], ctr.nfm.hidden: [[8], [4]] } }",
    );
    expect(cells).toHaveLength(3);
  });

  it("are known of modules that an axis, a zip or an include names", () => {
    for (const sweep of [
      "grid: { backbone: [din, ./nfm.mjs] }",
      "zip: [{ backbone: [din, ./nfm.mjs] }]",
      "include: [{ backbone: ./nfm.mjs }]",
    ]) {
      expect(said(`backbone: din\nctr: { nfm: { hidden: 5 } }\nsweep: { ${sweep} }`)).toEqual([
        "5:23 error ctr.nfm.hidden must be a list, not 5; write [5]",
      ]);
    }
  });

  it("are checked by its schema, at the line of the mistake", () => {
    expect(said("backbone: ./nfm.mjs\nctr: { nfm: { hiden: [5] } }")).toEqual([
      `5:15 error unknown setting "hiden" in ctr.nfm; did you mean hidden?`,
    ]);
    expect(said("backbone: ./nfm.mjs\nctr: { nfm: { hidden: [0] } }")).toEqual([
      "5:24 error ctr.nfm.hidden[0] must be at least 1, not 0",
    ]);
    expect(said("backbone: din\nctr: { nfm: { hidden: [5] } }")).toEqual([
      expect.stringContaining(`5:8 error unknown setting "nfm" in ctr`),
    ]);
  });

  it("cannot be set where the id means something else, which is said", () => {
    module("own-din.mjs", written("din", "{}"));
    expect(said("backbone: ./own-din.mjs")).toEqual([
      expect.stringContaining("4:11 warning ctr.din is a setting of r4ec's own"),
    ]);
    const properties = (type: string): string => `{ properties: { a: { type: "${type}" } } }`;
    module("one.mjs", written("twice", properties("integer")));
    module("two.mjs", written("twice", properties("string")));
    const text = "ctr: { twice: { a: 1 } }\nsweep: { grid: { backbone: [./one.mjs, ./two.mjs] } }";
    expect(said(text)[0]).toContain(`4:8 error unknown setting "twice" in ctr`);
  });
});

describe("options that are no settings are told at the module", () => {
  it.each([
    ["no schema", `{ properties: { a: { type: "intger" } } }`, "are not a JSON Schema: "],
    ["a list", `{ type: "array" }`, `are of type "array"`],
    [
      "a default of another kind",
      `{ properties: { a: { type: "integer", default: "x" } } }`,
      `whose option a has the default "x"`,
    ],
  ])("%s", (name, options, message) => {
    const file = `bad-${name.replaceAll(" ", "-")}.mjs`;
    module(file, written("bad", options));
    expect(said(`backbone: ./${file}`)).toEqual([expect.stringContaining(message)]);
  });
});

describe("a module in TypeScript", () => {
  const source = (id: string): string => `
import type { Backbone } from "r4ec";
import { WIDTH, Kind } from "./width.ts";
interface Options { readonly hidden: readonly number[] }
export const backbone = {
  id: "${id}",
  description: "d",
  options: { type: "object", properties: { hidden: { type: "array", default: [WIDTH] } } },
  build(kit: any, shape: any) {
    const { hidden } = shape.options as Options;
    const deep = kit.mlp("deep", kit.widths.target, hidden);
    const logit = kit.dense("logit", hidden[Kind.Last]!, 1);
    return (sample: any) => logit(deep(sample.target));
  },
} satisfies object;
`;

  it("is loaded with what it imports, by every version of Node", () => {
    module("width.ts", "export const WIDTH: number = 7;\nexport enum Kind { Last = 0 }\n");
    module("typed.ts", source("typed"));
    const loaded = loadBackbone(path.join(folder, "typed.ts"));
    expect(loaded.ok ? loaded.value.id : loaded.error).toBe("typed");
    expect(optionsOf("backbone: ./typed.ts\nctr: { typed: { hidden: [3] } }")).toEqual([
      { hidden: [3] },
    ]);
    const shape = { ...smallShape("din", null), backbone: path.join(folder, "typed.ts") };
    const model = buildModel({ ...shape, options: {} }, [1]);
    const widths = model.parameters.map(({ name, variable }) => [name, variable.shape.at(-1)]);
    expect(widths).toContainEqual(["deep.dense_0.kernel", 7]);
    model.dispose();
  });

  it("whose text is wrong is told with its line", () => {
    module("broken.ts", "export const backbone: = {};\n");
    const loaded = loadBackbone(path.join(folder, "broken.ts"));
    expect(loaded.ok ? "" : loaded.error).toMatch(/broken\.ts:1:\d+\)/);
  });
});
