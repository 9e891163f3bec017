import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import { readConfigFile } from "../../src/config/file.js";
import { readSpec } from "../../src/spec/load.js";

const page = readFileSync(path.resolve(import.meta.dirname, "../../docs/your-lab.md"), "utf8");
const blocks = (mark: string): string[] =>
  [...page.matchAll(/<!-- ([^>]*) -->\s*```yaml\n([^]*?)```/g)]
    .filter(([, said]) => said!.startsWith(mark))
    .map(([, , text]) => text!);

describe("docs/your-lab.md", () => {
  it("marks every block that a reader may copy", () => {
    expect(blocks("").length).toBe(page.split("```yaml").length - 1);
  });

  it.each(blocks("a spec"))("has specs that are valid: %s", (text) => {
    const spec = readSpec({ file: "spec.yaml", folder: tmpdir(), text }, science);
    expect(spec.ok ? [] : spec.error.map(({ message }) => message)).toEqual([]);
    if (spec.ok) expect(spec.value.diagnostics.map(({ message }) => message)).toEqual([]);
  });

  it("has a settings file that r4ec reads", async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), "r4ec-lab-")), "r4ec.config.yaml");
    const [text] = blocks("settings file");
    writeFileSync(file, text!);
    const read = await readConfigFile(file);
    expect(read.ok && read.value.environments).toEqual({ llm: "/opt/conda/envs/lab" });
  });
});
