import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import { isJsonObject, type Json } from "../../src/base/json.js";
import { defaultOf } from "../../src/spec/defaults.js";
import { assembleSchema } from "../../src/spec/schema.js";
import { follow } from "../../src/spec/settings.js";
import { R4EC } from "../support/command-line.js";

const at = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

interface Planned {
  readonly cells: readonly { readonly id: string; readonly stage: string }[];
  readonly stages: readonly { readonly fingerprint: string; readonly label: string }[];
}

/** Ids of cells with their last stages, and all stages with their labels, as `plan` gives them. */
function planned(spec: string): { readonly [part: string]: { readonly [id: string]: string } } {
  const text = execFileSync(process.execPath, [R4EC, "plan", spec, "--json"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { cells, stages } = JSON.parse(text) as Planned;
  return {
    cells: Object.fromEntries(cells.map(({ id, stage }) => [id, stage])),
    stages: Object.fromEntries(stages.map(({ fingerprint, label }) => [fingerprint, label])),
  };
}

// What fails here would compute everybody's recorded cells again. It may change only where a
// runner's version is raised or a prompt is mended; then `plan --json` gives the new values.
describe("a store that was recorded before", () => {
  it.each(["variants", "backbones"])("is found again: %s", (name) => {
    const recorded = readFileSync(at(`../data/recorded/${name}.json`), "utf8");
    expect(planned(at(`../data/recorded/${name}.yaml`))).toEqual(JSON.parse(recorded));
  });

  it.each(["variants", "backbones"])("is found with neutral values in the spec: %s", (name) => {
    const recorded = readFileSync(at(`../data/recorded/${name}.json`), "utf8");
    const folder = mkdtempSync(path.join(tmpdir(), "r4ec-recorded-"));
    try {
      const spec = readFileSync(at(`../data/recorded/${name}.yaml`), "utf8");
      // Axes of one value.
      const axes = Object.entries(science.neutral).map(
        ([setting, value]) => `    ${setting}: ${JSON.stringify([value])}\n`,
      );
      const file = path.join(folder, "spec.yaml");
      writeFileSync(file, spec.replace("  grid:\n", `  grid:\n${axes.join("")}`));
      expect(planned(file)).toEqual(JSON.parse(recorded));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the neutral values of younger settings", () => {
  /** The default at a path, also of a block that is made of its settings' defaults. */
  function defaultAt(path: string): Json | undefined {
    const { root, settings } = assembleSchema(science);
    const setting = settings.get(path);
    if (setting === undefined) return undefined;
    const own = defaultOf(follow({ $ref: setting.pointers.at(-1)! }, root), root);
    const inner = [...settings.keys()].filter((other) => other.startsWith(`${path}.`));
    const written = isJsonObject(own ?? {}) && Object.keys(own ?? {}).length > 0;
    if (inner.length === 0 || !isJsonObject(own ?? {}) || written) return own;
    return Object.fromEntries(inner.map((one) => [one.slice(path.length + 1), defaultAt(one)!]));
  }

  it("are their defaults", () => {
    const neutral = Object.keys(science.neutral);
    expect(Object.fromEntries(neutral.map((path) => [path, defaultAt(path)]))).toEqual(
      science.neutral,
    );
  });
});
