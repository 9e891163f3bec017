import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { R4EC } from "../../support/command-line.js";

const r4ec = (cwd: string, ...args: readonly string[]) =>
  execa(process.execPath, [R4EC, ...args], { cwd, reject: false });

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "r4ec-commands-"));
  writeFileSync(join(folder, "spec.yaml"), text);
  return folder;
}

describe("validate", () => {
  it("shows every mistake with its line, exits with 2 and writes nothing", async () => {
    const folder = folderWith("name: t\ndataset: ml-100k\nbackbone: dinn\nctr: {epochs: 0}\n");
    const { exitCode, stdout, stderr } = await r4ec(folder, "validate", "spec.yaml");
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(
      'spec.yaml:3:11 error: unknown value "dinn" for backbone; did you mean din?',
    );
    expect(stderr).toContain("    3 | backbone: dinn\n      |           ^^^^");
    expect(stderr).toContain("spec.yaml:4:15 error: ctr.epochs must be at least 1, not 0");
    expect(readdirSync(folder)).toEqual(["spec.yaml"]);
  });

  it("gives the same as data", async () => {
    const folder = folderWith("name: t\ndataset: ml-100k\nctr: {epochs: 0}\n");
    const wrong = await r4ec(folder, "validate", "spec.yaml", "--json");
    expect(wrong.exitCode).toBe(2);
    expect(JSON.parse(wrong.stdout)).toEqual({
      ok: false,
      diagnostics: [
        {
          severity: "error",
          message: "ctr.epochs must be at least 1, not 0",
          file: "spec.yaml",
          line: 3,
          column: 15,
          path: "ctr.epochs",
        },
      ],
    });
    writeFileSync(
      join(folder, "spec.yaml"),
      "name: t\ndataset: ml-100k\nsweep: {grid: {seed: [1, 2]}, exclude: [{seed: 9}]}\n",
    );
    const right = await r4ec(folder, "validate", "spec.yaml", "--json");
    expect(right.exitCode).toBe(0);
    expect(JSON.parse(right.stdout)).toMatchObject({
      ok: true,
      diagnostics: [{ severity: "warning", line: 3, column: 41, path: "sweep.exclude" }],
    });
  });

  it("says that there is no such file", async () => {
    const { exitCode, stderr } = await r4ec(tmpdir(), "validate", "no-such-spec.yaml");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("cannot read no-such-spec.yaml: there is no such file");
  });
});

describe("init", () => {
  it("writes a spec that is valid and never overwrites one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "r4ec-commands-"));
    const first = await r4ec(folder, "init", "new/mine.yaml");
    expect([first.exitCode, first.stdout]).toEqual([0, "new/mine.yaml"]);
    const valid = await r4ec(folder, "validate", "new/mine.yaml");
    expect([valid.exitCode, valid.stdout]).toEqual([0, "new/mine.yaml is valid: 54 cells"]);
    const [, schema] = /\$schema=(.*)/.exec(readFileSync(join(folder, "new/mine.yaml"), "utf8"))!;
    expect(existsSync(join(folder, "new", schema!))).toBe(true);
    writeFileSync(join(folder, "new/mine.yaml"), "mine");
    expect((await r4ec(folder, "init", "new/mine.yaml")).exitCode).toBe(2);
    expect(readFileSync(join(folder, "new/mine.yaml"), "utf8")).toBe("mine");
  });
});

describe("schema", () => {
  it("prints the schema that editors use, and knows whether it is fresh", async () => {
    const { stdout } = await r4ec(tmpdir(), "schema");
    const file = new URL("../../../schemas/experiment.schema.json", import.meta.url);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(file, "utf8")));
    expect((await r4ec(tmpdir(), "schema", "--check")).exitCode).toBe(0);
  });
});

describe("quickstart", () => {
  it("takes settings in place of its spec's, as sweep does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "r4ec-commands-"));
    const quickstart = (...args: readonly string[]) =>
      r4ec(folder, "quickstart", "--dry-run", "--json", "--store", join(folder, "store"), ...args);
    const { stdout, exitCode, stderr } = await quickstart("sweep.grid.seed=[7]", "ctr.epochs=1");
    expect(exitCode, stderr).toBe(0);
    const { cells } = JSON.parse(stdout) as { readonly cells: readonly { settings: object }[] };
    expect(cells).toHaveLength(7);
    const wrong = await quickstart("ctr.epoch=1");
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("did you mean epochs?"),
    ]);
  });
});
