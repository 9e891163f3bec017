import { expect, it } from "vitest";
import { science } from "../../runners/registry.js";
import { readSpec } from "../../src/spec/load.js";

const said = (sweep: string): readonly string[] => {
  const text = `name: t\nbackbone: din\ndataset: ml-1m\nsweep: ${sweep}\n`;
  const spec = readSpec({ file: "a.yaml", folder: "/", text }, science);
  return spec.ok ? [] : spec.error.map(({ line, message }) => `${line} ${message}`);
};
const MISSING = expect.stringMatching(/^3 ml-1m needs `path`/) as string;

it.each(["[1, 2]", "{grid: {ctr.lr: [1]}}", "{grid: {seed: 3}, zip: [{ctr.epochs: 1}]}"])(
  "a wrong sweep hides no mistake of a block that it does not name: %s",
  (sweep) => {
    expect(said(sweep)).toContainEqual(MISSING);
    expect(said(sweep).length).toBeGreaterThan(1);
  },
);

it.each(["{grid: {dataset.path: .}}", "{grid: {folder: [.]}}", "{dataset.path: [.]}"])(
  "an axis that was taken out may have given what a block lacks: %s",
  (sweep) => {
    expect(said(sweep).length).toBeGreaterThan(0);
    expect(said(sweep)).not.toContainEqual(MISSING);
  },
);
