import { describe, expect, it } from "vitest";
import { read, said, spec } from "./read.js";

/** A mistake in `compare`, which stands at line 4, and the one error that it must give. */
const mistakes: readonly (readonly [name: string, compare: string, error: string])[] = [
  [
    "claims, no list",
    "{claims: {backbone: dien}}",
    "4:19 compare.claims must be a list, not a mapping; write [{backbone: dien}]",
  ],
  ["claims, none", "{claims: []}", "4:19 compare.claims needs at least 1 value"],
  ["a claim without settings", "{claims: [{}]}", "4:20 compare.claims[0] must not be empty"],
  [
    "a claim that is a word",
    "{claims: [dien]}",
    '4:20 compare.claims[0] must be a mapping, not "dien"; write {PATH: VALUE}',
  ],
  [
    "a claim's unknown path",
    "{claims: [{backbone: din}, {bakbone: dien}]}",
    '4:38 no setting has the path "bakbone"; did you mean backbone?',
  ],
  [
    "a claim's value of the wrong type",
    "{claims: [{ctr.epochs: x}]}",
    '4:33 ctr.epochs must be a whole number, not "x"',
  ],
  [
    "a claim by placement",
    "{claims: [{gpu: 0}]}",
    "4:21 gpu is not a setting of a cell, so it cannot mark a claim",
  ],
  [
    "a claim by something that is no setting",
    "{claims: [{tracking.mlflow: off}]}",
    "4:21 tracking is not a setting of a cell, so it cannot stand here",
  ],
  [
    "a misspelt claims",
    "{claim: [{backbone: din}]}",
    '4:11 unknown setting "claim" in compare; did you mean claims?',
  ],
  [
    "equivalence without a metric",
    "{equivalence: 0.1}",
    "4:24 compare.equivalence must be a mapping, not 0.1; write {NAME: VALUE}",
  ],
  [
    "a margin of 0",
    "{equivalence: {test.auc: 0}}",
    "4:35 compare.equivalence.test.auc must be more than 0, not 0",
  ],
  [
    "a margin below 0",
    "{equivalence: {test.auc: -0.1}}",
    "4:35 compare.equivalence.test.auc must be more than 0, not -0.1",
  ],
  [
    "a margin in words",
    "{equivalence: {test.auc: small}}",
    '4:35 compare.equivalence.test.auc must be a number, not "small"',
  ],
  [
    "a margin in quotes",
    '{equivalence: {test.auc: "0.002"}}',
    '4:35 compare.equivalence.test.auc must be a number, not "0.002"; remove the quotes',
  ],
  ["a margin that is no number", "{equivalence: {test.auc: .nan}}", "4:35 numbers must be finite"],
  ["a margin without end", "{equivalence: {test.auc: -.inf}}", "4:35 numbers must be finite"],
  [
    "a claim twice",
    "{claims: [{backbone: din}, {ctr.epochs: 20}, {backbone: din}]}",
    "4:55 compare.claims[2] is the same claim as compare.claims[0]; remove one",
  ],
  [
    "a claim twice, the second time in short",
    "{claims: [{dataset.id: ml-100k}, {dataset: ml-100k}]}",
    "4:43 compare.claims[1] is the same claim as compare.claims[0]; remove one",
  ],
  [
    "a margin left out",
    "{equivalence: {test.auc: }}",
    "4:25 compare.equivalence.test.auc must be a number, not nothing",
  ],
  [
    "margins in blocks",
    "{equivalence: {test: {auc: 0.1}}}",
    "4:31 compare.equivalence.test must be a number, not a mapping",
  ],
  [
    "a name that no metric can have",
    '{equivalence: {"a b": 0.1}}',
    '4:25 unknown setting "a b" in compare.equivalence',
  ],
  [
    "one metric twice",
    "{equivalence: {test.auc: 0.1, test.auc: 0.2}}",
    '4:40 the key "test.auc" stands twice in one mapping; remove one',
  ],
  [
    "an unknown test",
    "{test: users}",
    '4:17 unknown value "users" for compare.test; it must be one of all, seeds',
  ],
];

describe("a mistake in compare", () => {
  it.each(mistakes)("%s", (_name, compare, error) => {
    expect(said(spec(`compare: ${compare}\n`))).toEqual([error]);
    expect(read(spec(`compare: ${compare}\n`)).ok).toBe(false);
  });

  it("a claim by an axis that select tunes away", () => {
    const tuned =
      "sweep: {grid: {ctr.epochs: [1, 2]}}\nselect: {metric: valid.auc, over: [ctr.epochs]}\n";
    expect(said(spec(`${tuned}compare: {claims: [{ctr.epochs: 1}]}\n`))).toEqual([
      "6:21 ctr.epochs is tuned away by select, so it cannot mark a claim",
    ]);
  });

  it("is a warning: a claim that no cell has", () => {
    expect(said(spec("compare: {claims: [{backbone: dien}]}\n"), "warning")).toEqual([
      "4:20 no cell has the settings of this claim",
    ]);
  });

  it("none: claims and margins that are right", () => {
    const right =
      "sweep: {grid: {backbone: [din, dien]}}\ncompare: {claims: [{backbone: dien}], equivalence: {test.auc: 0.002}}\n";
    expect([said(spec(right)), said(spec(right), "warning")]).toEqual([[], []]);
  });
});
