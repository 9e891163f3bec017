import { describe, expect, it } from "vitest";
import { said, spec } from "./read.js";

describe("a mistake that people make often", () => {
  it.each([
    [
      "ctr: {epochs: [1, 2]}",
      "ctr.epochs must be a whole number, not a list; to vary it, put it under sweep.grid: ctr.epochs: [1, 2]",
    ],
    [
      "seed: [1, 2, 3]",
      "seed must be a whole number, not a list; to vary it, put it under sweep.grid: seed: [1, 2, 3]",
    ],
    [
      "knowledge: [none, profile]",
      "to vary it, put it under sweep.grid: knowledge: [none, profile]",
    ],
    [
      "knowledge: {variant: [none, profile]}",
      "to vary it, put it under sweep.grid: knowledge.variant: [none, profile]",
    ],
    [
      "sweep: {ctr.epochs: [1, 2]}",
      'unknown setting "ctr.epochs" in sweep; axes stand under sweep.grid: grid: {ctr.epochs: [1, 2]}',
    ],
    ["sweep: {seed: 3}", "axes stand under sweep.grid: grid: {seed: [3]}"],
    ["sweep: {ctr: {epochs: [1]}}", "axes stand under sweep.grid: grid: {ctr.epochs: [1]}"],
    ["sweep: {lr: [0.1]}", "axes stand under sweep.grid: grid: {ctr.learning_rate: [0.1]}"],
    [
      "sweep: {grid: {ctr: {epochs: [1, 2]}}}",
      "ctr must be a list, not a mapping; an axis is a dotted path: ctr.epochs: [1, 2]",
    ],
    ["ctr: {lr: 0.1}", 'unknown setting "lr" in ctr; did you mean learning_rate?'],
    ["lr: 0.1", 'unknown setting "lr"; did you mean ctr.learning_rate?'],
    ["random_seed: 1", 'unknown setting "random_seed"; did you mean seed?'],
    [
      "sweep: {grid: {ctr.bs: [1]}}",
      'no setting has the path "ctr.bs"; did you mean ctr.batch_size?',
    ],
    ["sweep: {zip: [{bs: [1]}]}", 'no setting has the path "bs"; did you mean ctr.batch_size?'],
    ["ctr: fast", 'ctr must be a mapping, not "fast"; write {'],
    [
      "select: valid.loss",
      'select must be a mapping, not "valid.loss"; write {metric: ..., over: [...]}',
    ],
    [
      "random_seed: [1, 2, 3]",
      'unknown setting "random_seed"; did you mean seed? to vary it, put it under sweep.grid: seed: [1, 2, 3]',
    ],
    ["gpus: [0, 1]", 'unknown setting "gpus"; did you mean resources.gpus or slurm.gpus?'],
    ["baseline: {backbone: din}", "did you mean compare.baseline?"],
    ["defaults: [base]", "did you mean extends?"],
    [
      "sweep: {zip: {seed: [1, 2], ctr.epochs: [1, 2]}}",
      "sweep.zip must be a list, not a mapping; write [{seed: [1, 2], ctr.epochs: [1, 2]}]",
    ],
    [
      "sweep: {grid: {seed: [1, 2]}, exclude: {seed: 1}}",
      "sweep.exclude must be a list, not a mapping; write [{seed: 1}]",
    ],
    ["sweep: {method: random}", "it knows grid, zip, sample, exclude, include"],
    [
      "sweep: {grid: {ctr.learning_rate: {uniform: [0, 0.5]}}}",
      "list its values, or draw them: sweep.sample: {trials: 10, space: {ctr.learning_rate: {",
    ],
    [
      "sweep: {grid: {seed: {range: [1, 5]}}}",
      "seed must be a list, not a mapping; list its values",
    ],
    [
      "sweep: {sample: {trials: 3, space: {ctr.learning_rate: {loguniform: [0.1, 0.5]}}}}",
      'unknown setting "loguniform" in ctr.learning_rate; did you mean log?',
    ],
    [
      "sweep: {sample: {trials: 3, space: {ctr.epochs: {uniform: [1, 5]}}}}",
      "it is a whole number: write {integer: [...]} or {choice: [...]}",
    ],
    [
      "tracking: {mlflow: http://localhost:5000}",
      'unknown value "http://localhost:5000" for tracking.mlflow; it must be off; or an MLflow server; write {uri: ...',
    ],
    ["\u00a0name: t", "looks like a blank and is none (U+00A0)"],
    ["sweep: [1]", "sweep must be a mapping, not a list; write {grid: {...}, zip: [...]}"],
  ])("%s: says what to write", (line, message) => {
    const found = said(spec(`${line}\n`));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it("lists all data sets where none is near, and tells mistakes of other blocks beside it", () => {
    expect(said("name: t\ndataset: csv\nbackbone: DIN\nctr: {epochs: 0}\n")).toEqual([
      '2:10 unknown value "csv" for dataset; it must be one of ml-100k, ml-1m, amazon-books',
      expect.stringContaining('3:11 unknown value "DIN" for backbone; did you mean din?'),
      "4:15 ctr.epochs must be at least 1, not 0",
    ]);
  });

  it("of one block does not hide what another one lacks", () => {
    expect(said("name: t\ndataset: {id: ml-1m, path: nowhere}\nbackbone: DIN\n")).toEqual([
      "2:28 there is no folder nowhere",
      expect.stringContaining('3:11 unknown value "DIN" for backbone'),
    ]);
  });
});
