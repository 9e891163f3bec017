import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** What a call loads, by Node's own account: r4ec's modules and packages that ran, and files. */
async function loadedBy(
  ...args: readonly string[]
): Promise<{ files: string[]; modules: string[]; packages: string[] }> {
  const account = path.join(folder, "account");
  const run = await commandLine(() => folder, { NODE_V8_COVERAGE: account })(...args);
  expect(run.exitCode, run.stderr).toBe(0);
  const scripts = readdirSync(account).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(path.join(account, name), "utf8")) as Account;
    return result.filter(({ url }) => url.startsWith("file:"));
  });
  rmSync(account, { recursive: true });
  const files = scripts.map(({ url }) => path.relative(root, fileURLToPath(url)));
  // In the one file each module that is not part of the beginning is a function of the module's name.
  const modules = scripts
    .flatMap(({ functions }) => functions)
    .filter(({ functionName, ranges }) => /\.[cm]?js$/.test(functionName) && ranges[0]!.count > 0)
    .map(({ functionName }) => functionName);
  const names = modules.flatMap(
    (name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? [],
  );
  return { files, modules, packages: [...new Set(names)].sort() };
}

/** What Node writes where NODE_V8_COVERAGE says. */
interface Account {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

const root = path.resolve(import.meta.dirname, "../../..");
const quickstart = path.join(root, "experiments/quickstart.yaml");
const INTERPRETER = "@cfworker/json-schema";

describe("the start of a command", () => {
  it("--help loads one file, and runs no package that it has no use for", async () => {
    const { files, modules, packages } = await loadedBy("--help");
    expect(files.sort()).toEqual(["bin/r4ec.js", "dist/cli/r4ec.js"]);
    for (const name of ["ajv", "yaml", INTERPRETER, "execa", "string-width"]) {
      expect(packages).not.toContain(name);
    }
    expect(modules.length).toBeLessThan(260);
  });

  it("validate runs beside this what reads a spec, and compiles no schema where all is right", async () => {
    const { files, modules, packages } = await loadedBy("validate", quickstart);
    expect(files.sort()).toEqual(["bin/r4ec.js", "dist/cli/r4ec.js"]);
    for (const name of ["yaml", INTERPRETER]) expect(packages).toContain(name);
    for (const name of ["ajv", "execa", "string-width"]) expect(packages).not.toContain(name);
    expect(modules.length).toBeLessThan(420);
  });

  it("keeps what V8 compiled, for as long as the file is the same, and does without it", async () => {
    for (const name of ["bin/r4ec.js", "dist/cli/r4ec.js"]) {
      await cp(path.join(root, name), path.join(folder, name));
    }
    for (const name of ["package.json", "dist/src", "experiments", "node_modules"]) {
      await symlink(path.join(root, name), path.join(folder, name));
    }
    const call = async (...args: readonly string[]): Promise<string> =>
      (await execa(process.execPath, [path.join(folder, "bin/r4ec.js"), ...args])).stdout;
    const cli = path.join(folder, "dist/cli");
    const kept = (): string[] => readdirSync(cli).filter((name) => name !== "r4ec.js");
    const ofVersion = await call("--version");
    expect(kept()).toEqual([]);
    const valid = await call("validate", quickstart);
    expect(valid).toContain("is valid: 19 cells");
    const [name, ...others] = kept();
    expect(name).toContain(`.node-${process.version}-${process.arch}`);
    expect(others).toEqual([]);
    const file = path.join(cli, name!);
    const first = statSync(file);
    expect(first.size).toBeGreaterThan(100_000);
    expect(await call("validate", quickstart)).toBe(valid);
    expect(statSync(file).mtimeMs).toBe(first.mtimeMs);
    // A package that is imported by a function out of what was kept.
    expect(await call("plan", quickstart, "--svg")).toContain("<svg");

    // A torn file, or one of another V8.
    writeFileSync(file, readFileSync(file).subarray(0, 50_000));
    expect(await call("validate", quickstart)).toBe(valid);
    expect(statSync(file).size).toBeGreaterThan(100_000);

    // Another text of the same length, which V8 itself would not tell from this one.
    const whole = path.join(cli, "r4ec.js");
    const text = readFileSync(whole, "latin1");
    const changed = text.slice(text.indexOf("\n")).replace("is valid: ", "is VALID: ");
    const sum = createHash("sha256").update(changed).digest("hex");
    writeFileSync(whole, `// ${sum}${changed}`, "latin1");
    expect(await call("validate", quickstart)).toContain("is VALID: 19 cells");
    expect(kept()).toHaveLength(2);
    expect(await call("--version")).toBe(ofVersion);
  });

  it("goes without the one file, as where only what a user needs is installed", async () => {
    await cp(path.join(root, "bin"), path.join(folder, "bin"), { recursive: true });
    await mkdir(path.join(folder, "dist"));
    for (const name of ["package.json", "node_modules", "dist/src", "dist/runners"]) {
      await symlink(path.join(root, name), path.join(folder, name));
    }
    const r4ec = path.join(folder, "bin/r4ec.js");
    const run = await execa(process.execPath, [r4ec, "validate", quickstart]);
    expect(run.stdout).toContain("is valid: 19 cells");
  });
});
