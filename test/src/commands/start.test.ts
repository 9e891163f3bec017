import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cp, mkdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandLine } from "../../support/command-line.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-start-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The files that a call loads, by Node's own account: those of r4ec by their paths in it, and the packages. */
async function loadedBy(
  ...args: readonly string[]
): Promise<{ files: string[]; packages: string[] }> {
  const account = path.join(folder, "account");
  const run = await commandLine(() => folder, { NODE_V8_COVERAGE: account })(...args);
  expect(run.exitCode, run.stderr).toBe(0);
  const urls = readdirSync(account).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(path.join(account, name), "utf8")) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url).filter((url) => url.startsWith("file:"));
  });
  rmSync(account, { recursive: true });
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  const files = urls
    .filter((url) => !url.includes("/node_modules/"))
    .map((url) => path.relative(root, fileURLToPath(url)));
  return { files, packages: [...new Set(names)].sort() };
}

const root = path.resolve(import.meta.dirname, "../../..");
/** Packages that stand in a file of their own, since not every command needs them. */
const [AJV, YAML, INTERPRETER] = [
  "dist/cli/ajv-dist-2020-js.cjs",
  "dist/cli/yaml.cjs",
  "dist/cli/cfworker-json-schema.cjs",
] as const;

describe("the start of a command", () => {
  it("--help loads few files, no package and nothing that works", async () => {
    const { files, packages } = await loadedBy("--help");
    expect(packages).toEqual([]);
    expect(files).toContain("dist/cli/cli.js");
    for (const file of [AJV, YAML, INTERPRETER]) expect(files).not.toContain(file);
    expect(files.filter((file) => !file.startsWith("dist/cli/"))).toEqual(["bin/r4ec.js"]);
    expect(files.length).toBeLessThan(90);
  });

  it("validate loads beside this what reads a spec, and compiles no schema where all is right", async () => {
    const spec = path.join(root, "experiments/quickstart.yaml");
    const { files, packages } = await loadedBy("validate", spec);
    expect(packages).toEqual([]);
    expect(files).toContain(INTERPRETER);
    expect(files).not.toContain(AJV);
    expect(files.length).toBeLessThan(110);
  });

  it("goes without the few files, as where only what a user needs is installed", async () => {
    await cp(path.join(root, "bin"), path.join(folder, "bin"), { recursive: true });
    await mkdir(path.join(folder, "dist"));
    for (const name of ["package.json", "node_modules", "dist/src", "dist/runners"]) {
      await symlink(path.join(root, name), path.join(folder, name));
    }
    const spec = path.join(root, "experiments/quickstart.yaml");
    const run = await execa(process.execPath, [path.join(folder, "bin/r4ec.js"), "validate", spec]);
    expect(run.stdout).toContain("is valid: 19 cells");
  });
});
