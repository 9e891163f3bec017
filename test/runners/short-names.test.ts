import { describe, expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import { readSpec } from "../../src/spec/load.js";
import { assembleSchema } from "../../src/spec/schema.js";

const errorsOf = (text: string): readonly string[] => {
  const result = readSpec({ file: "spec.yaml", folder: "/", text: `name: t\n${text}` }, science);
  const found = result.ok ? [] : result.error.filter(({ severity }) => severity === "error");
  return found.map(({ line, message }) => `${line} ${message}`);
};

describe("short names of settings", () => {
  const { settings, shortNames } = assembleSchema(science);

  it.each(Object.entries(shortNames))("%s means a setting that there is", (name, path) => {
    expect(settings.has(path)).toBe(true);
    expect(settings.has(`ctr.${name}`)).toBe(false);
    expect(errorsOf(`dataset: ml-100k\nsweep: {grid: {${name}: [1]}}\n`).join()).toContain(
      settings.has(name) ? "" : `did you mean ${path}?`,
    );
  });
});

it("a data set without its files and a misspelt backbone are told in one go", () => {
  expect(errorsOf("dataset: ml-1m\nbackbone: DIN\n")).toEqual([
    expect.stringMatching(/^2 ml-1m needs `path`/),
    expect.stringMatching(/^3 unknown value "DIN" for backbone; did you mean din\?/),
  ]);
});
