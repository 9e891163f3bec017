import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../support/stage.js";

afterAll(removeFolders);

const root = path.resolve(import.meta.dirname, "../..");

/** Checks a small tree of files by the project's rules; gives the rules that it breaks. */
async function brokenRules(files: { readonly [name: string]: string }): Promise<string[]> {
  const folder = await newFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  writeFileSync(path.join(folder, "tsconfig.json"), '{"compilerOptions": {"module": "NodeNext"}}');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
      ...["--config", path.join(root, ".dependency-cruiser.mjs")],
      ...["--no-progress", "--output-type", "json", "."],
    ],
    { cwd: folder, encoding: "utf8" },
  );
  expect(stderr).toBe("");
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string } }[] };
  };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

/** A file that imports others, by value or as a type. */
const imports = (...targets: readonly string[]): string =>
  [...targets.map((target, at) => `import { x as x${at} } from "${target}";`), ""].join("\n") +
  "export const x = 1;\n";

describe("the rules of the floors", () => {
  it("let imports from lower floors pass", async () => {
    const files = {
      "src/base/json.ts": imports(),
      "src/contract/runner.ts": imports("../base/json.js"),
      "src/plan/plan.ts": imports("../contract/runner.js"),
      "runners/base/files/npy.ts": imports("../../../src/base/json.js"),
      "runners/stages/embed/stage.ts": imports("../../base/files/npy.js"),
      "runners/composition/index.ts": imports("../stages/embed/stage.js"),
      "runners/registry.ts": imports("./composition/index.js"),
      "src/cli.ts": imports("../runners/registry.js", "./plan/plan.js"),
    };
    expect(await brokenRules(files)).toEqual([]);
  });

  it("refuse an import from a higher floor of the engine", async () => {
    const files = { "src/base/a.ts": imports("../plan/b.js"), "src/plan/b.ts": imports() };
    expect(await brokenRules(files)).toEqual(["src-base-imports-from-below"]);
  });

  it("refuse an import from a higher floor of the science", async () => {
    const files = {
      "runners/base/a.ts": imports("../stages/embed/b.js"),
      "runners/stages/embed/b.ts": imports("../../composition/c.js"),
      "runners/composition/c.ts": imports(),
    };
    expect(await brokenRules(files)).toEqual([
      "runners-base-imports-from-below",
      "runners-stages-imports-from-below",
    ]);
  });

  it("refuse an import from a higher floor of what every stage may use", async () => {
    const files = {
      "runners/base/artifacts/a.ts": imports("../prompts/b.js"),
      "runners/base/prompts/b.ts": imports(),
    };
    expect(await brokenRules(files)).toEqual(["runners-base-artifacts-imports-from-below"]);
  });

  it("refuse an import of another stage", async () => {
    const files = {
      "runners/stages/finetune/a.ts": imports("../teach/b.js"),
      "runners/stages/teach/b.ts": imports(),
    };
    expect(await brokenRules(files)).toEqual(["stages-stand-alone"]);
  });

  it("refuse what the science may not know of the engine, and the other way round", async () => {
    const files = {
      "runners/base/a.ts": imports("../../src/journal/b.js"),
      "src/journal/b.ts": imports(),
      "src/spec/c.ts": imports("../../runners/registry.js"),
      "runners/registry.ts": imports(),
    };
    expect(await brokenRules(files)).toEqual([
      "engine-knows-no-science",
      "science-knows-the-contract-alone",
    ]);
  });

  it("refuse a circle of types", async () => {
    const files = {
      "src/base/a.ts": 'import type { B } from "./b.js";\nexport type A = B | 1;\n',
      "src/base/b.ts": 'import type { A } from "./a.js";\nexport type B = A | 2;\n',
    };
    expect(await brokenRules(files)).toEqual(["no-circle"]);
  });

  it("refuse a folder without a floor, whoever imports it", async () => {
    const files = { "src/misc/a.ts": imports("../base/b.js"), "src/base/b.ts": imports() };
    expect(await brokenRules(files)).toEqual(["no-folder-without-a-floor"]);
    const used = { "src/cli.ts": imports("./misc/a.js"), "src/misc/a.ts": imports() };
    expect(await brokenRules(used)).toEqual(["every-folder-has-a-floor"]);
  });

  it("refuse a file that nobody needs, an import of a test, and one that leads nowhere", async () => {
    const files = {
      "src/base/alone.ts": imports(),
      "src/base/a.ts": imports("../../test/helper.js", "./gone.js"),
      "test/helper.ts": imports(),
    };
    expect(await brokenRules(files)).toEqual(["no-orphan", "program-knows-no-tests", "resolvable"]);
  });
});
