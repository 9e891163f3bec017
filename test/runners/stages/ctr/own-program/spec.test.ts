import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { science } from "../../../../../runners/registry.js";
import { namesOf } from "../../../../../src/cells/index.js";
import { makePlan } from "../../../../../src/plan/plan.js";
import { FileHashes } from "../../../../../src/plan/files.js";
import { experimentIn, saidIn } from "../../../../support/spec.js";
import { newFolder, removeFolders } from "../../../../support/stage.js";

let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  mkdirSync(path.join(folder, "other"));
  for (const name of ["my.py", "other/renamed.py"]) writeFileSync(path.join(folder, name), "1\n");
  writeFileSync(path.join(folder, "second.py"), "2\n");
});
afterAll(removeFolders);

const START = "name: t\ndataset: ml-100k\nknowledge: none\n";
const cellsOf = (text: string) => experimentIn(folder, START + text);
const said = (text: string): readonly string[] => saidIn(folder, START + text);
async function planOf(text: string) {
  const experiment = cellsOf(text);
  const plan = await makePlan(experiment, science, new FileHashes(await newFolder()));
  return { ...plan, resolved: experiment.resolved };
}
const MINE = "{ name: mine, command: [python3, my.py], files: [my.py], options: { hidden: 64 } }";

describe("a program among other backbones", () => {
  const grid = `sweep: { grid: { backbone: [din, bias, ${MINE}, { name: second, command: [python3, second.py, --fast], files: [second.py] }], seed: [1, 2] } }`;

  it("is named like them, in one setting", async () => {
    const plan = await planOf(grid);
    const names = namesOf(plan);
    expect(plan.cells.map(({ id }) => names.cell(id))).toEqual([
      ...["din seed=1", "din seed=2", "bias", "mine seed=1", "mine seed=2"],
      ...["second seed=1", "second seed=2"],
    ]);
    expect(new Set(plan.cells.map(({ settings }) => settings["backbone"]))).toEqual(
      new Set(["din", "bias", "mine", "second"]),
    );
  });

  it("shares the arrays of one data set, split and knowledge with all programs and seeds", async () => {
    const stages = [...(await planOf(grid)).stages.values()].map(({ record }) => record.runner);
    expect(stages.filter((runner) => runner === "arrays")).toHaveLength(1);
    expect(stages.filter((runner) => runner === "program")).toHaveLength(4);
  });

  it("leaves the cells of other backbones as they are without it", async () => {
    const alone = await planOf("sweep: { grid: { backbone: [din, bias], seed: [1, 2] } }");
    const beside = (await planOf(grid)).cells.slice(0, alone.cells.length);
    expect(beside).toEqual(alone.cells);
  });

  it("has options that are axes", () => {
    const { cells } = cellsOf(
      `backbone: ${MINE}\nsweep: { grid: { backbone.options.hidden: [32, 64], backbone.options.deep.rate: [0.1, 0.2] } }`,
    );
    expect(
      cells.map(({ settings }) => (settings["backbone"] as { options: object }).options),
    ).toEqual([
      { hidden: 32, deep: { rate: 0.1 } },
      { hidden: 32, deep: { rate: 0.2 } },
      { hidden: 64, deep: { rate: 0.1 } },
      { hidden: 64, deep: { rate: 0.2 } },
    ]);
  });

  it("ignores what r4ec's own training reads alone", () => {
    const { cells } = cellsOf(`backbone: ${MINE}\nctr: { epochs: 2 }`);
    const told = Object.keys(cells[0]!.settings["ctr"] as object);
    expect(told).toContain("epochs");
    for (const name of ["adaptor", "fuse", "engine", "xla", "din"])
      expect(told).not.toContain(name);
  });
});

describe("the identity of a program", () => {
  const stage = async (backbone: string) => {
    const [cell] = (await planOf(`backbone: ${backbone}`)).cells;
    return cell!.stage;
  };
  it("is in the contents of its files, not in their paths, its name or its Python", async () => {
    const here = await stage(MINE);
    const moved = `{ name: other, command: [python3, other/renamed.py], files: [other/renamed.py], options: { hidden: 64 } }`;
    expect(await stage(moved)).toBe(here);
    expect(await stage(MINE.replace("[python3", `[${process.execPath}`))).not.toBe(here);
    const second =
      "{ name: mine, command: [python3, second.py], files: [second.py], options: { hidden: 64 } }";
    expect(await stage(second)).not.toBe(here);
  });
  it("is in its words and its options", async () => {
    const here = await stage(MINE);
    expect(await stage(MINE.replace("my.py]", "my.py, --fast]"))).not.toBe(here);
    expect(await stage(MINE.replace("64", "32"))).not.toBe(here);
  });
});

describe("what is wrong in a spec is said where it stands", () => {
  it.each([
    [
      "no such file",
      "{ name: a, command: [python3], files: [gone.py] }",
      "4:50 error there is no file gone.py (",
    ],
    [
      "a folder",
      "{ name: a, command: [python3], files: [other] }",
      "4:50 error other is a folder, not a file",
    ],
    [
      "a file that is not named",
      "{ name: a, command: [python3, my.py] }",
      "4:41 error my.py is a file that backbone.files does not name",
    ],
    [
      "no such program",
      "{ name: a, command: [pyhton3] }",
      "4:32 error there is no program pyhton3 in PATH; name the environment that has it (backbone.environment)",
    ],
    [
      "an environment that is none",
      "{ name: a, command: [python3], environment: other }",
      "4:55 error other has no Python (",
    ],
    [
      "a script that is not named",
      "{ name: a, command: [./run.sh] }",
      "4:32 error ./run.sh is a file that backbone.files does not name",
      "run.sh",
    ],
    [
      "a path that is none",
      "{ name: a, command: [./none.sh] }",
      "4:32 error there is no program ./none.sh (",
    ],
    [
      "a name that is taken",
      "{ name: din, command: [python3] }",
      "4:19 error din is a backbone of r4ec's own: take another name",
    ],
    ["no command", "{ name: a }", "4:1 error backbone needs command"],
    [
      "a command as text",
      "{ name: a, command: python3 my.py }",
      "4:31 error backbone.command must be a list",
    ],
    [
      "an unknown key",
      "{ name: a, command: [python3], file: [x] }",
      `4:42 error unknown setting "file" in backbone; did you mean files?`,
    ],
  ])("%s", (_, backbone, message, script?: string) => {
    if (script !== undefined) writeFileSync(path.join(folder, script), "", { mode: 0o755 });
    expect(said(`backbone: ${backbone}`).join("\n")).toContain(message);
  });

  it("also where an axis says it, once", () => {
    const text = `sweep:\n  grid:\n    backbone: [din, { name: a, command: [python3], files: [gone.py] }]\n    seed: [1, 2]\n`;
    expect(said(text)).toEqual([expect.stringContaining("6:60 error there is no file gone.py")]);
  });

  it("an epoch that is to be picked on test", () => {
    const text = `backbone: ${MINE}\nctr: { pick: test }`;
    expect(said(text)).toEqual([
      expect.stringContaining("5:14 error a program of your own gets no test labels"),
    ]);
  });
});
