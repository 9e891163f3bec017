import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/base/json.js";
import type { Science } from "../../../src/contract/science.js";
import { read, spec } from "./read.js";
import { shapes } from "./shapes.js";

/** Cells with `ctr.shuffle: false` have no metric on validation. */
const science: Science = {
  ...shapes,
  metrics: (settings) =>
    (settings["ctr"] as JsonObject)["shuffle"] === false
      ? ["test.auc", "test.loss"]
      : ["valid.auc", "test.auc", "test.loss"],
};

const said = (rest: string, by: Science = science): string[] => {
  const result = read(spec(rest), by);
  const all = result.ok ? result.value.diagnostics : result.error;
  return all.map(
    ({ severity, line, column, message }) => `${line}:${column} ${severity}: ${message}`,
  );
};
const tuned = (metric: string): string =>
  `sweep: {grid: {ctr.epochs: [1, 2]}}\nselect: {metric: ${metric}, over: [ctr.epochs]}\n`;

describe("a metric that no cell has", () => {
  it("is an error in select, with the name that was meant", () => {
    expect(said(tuned("valid.acu"))).toEqual([
      "5:18 error: no cell has the metric valid.acu; did you mean valid.auc?",
    ]);
  });

  it("is an error in compare.metrics, and case counts", () => {
    expect(said("compare: {metrics: [test.loss, test.AUC]}\n")).toEqual([
      "4:32 error: no cell has the metric test.AUC; did you mean test.auc?",
    ]);
  });

  it("is an error in compare.equivalence, with all names where none is near", () => {
    expect(said("compare: {equivalence: {ndcg: 0.1}}\n")).toEqual([
      "4:25 error: no cell has the metric ndcg; they have test.auc, test.loss, valid.auc",
    ]);
  });

  it("is said of every name", () => {
    const compare = "compare: {metrics: [a.b, test.auc], equivalence: {c.d: 1, test.auc: 1}}\n";
    expect(said(`${tuned("e.f")}${compare}`)).toHaveLength(3);
  });

  it("depends on the cells' settings", () => {
    expect(said(tuned("valid.auc"))).toEqual([]);
    expect(said(`ctr: {shuffle: false}\n${tuned("valid.auc")}`)).toEqual([
      "6:18 error: no cell has the metric valid.auc; did you mean test.auc?",
    ]);
    const some = "sweep: {grid: {ctr.shuffle: [false, true], ctr.epochs: [1, 2]}}\n";
    expect(said(`${some}select: {metric: valid.auc, over: [ctr.epochs]}\n`)).toEqual([]);
  });

  it("is not looked for where the science declares no metrics, or the spec has other errors", () => {
    expect(said("compare: {metrics: [nonsense]}\n", shapes)).toEqual([]);
    expect(said("ctr: {epochs: x}\ncompare: {metrics: [nonsense]}\n")).toHaveLength(1);
  });
});

describe("a margin", () => {
  it("of a metric that is not shown is pointed at", () => {
    const compare = "compare: {metrics: [test.auc], equivalence: {test.auc: 1, test.loss: 1}}\n";
    expect(said(compare)).toEqual([
      "4:59 hint: the margin of test.loss has no effect: compare.metrics does not show it",
    ]);
  });

  it("is right where all metrics on test are shown", () => {
    expect(said("compare: {equivalence: {test.loss: 1}}\n")).toEqual([]);
  });
});
