import { expect, it } from "vitest";
import { Cell } from "../../../../../runners/stages/ctr/train/cell.js";
import { ReplicaState } from "../../../../../runners/stages/ctr/train/state.js";
import { stageOf, TestTask } from "./task.js";

const cellAt = (epochs: number, bestEpoch: number): Cell => {
  const stage = stageOf({ backbone: "dcn", ctr: { epochs: 10, patience: 3 } });
  const progress = { bestAuc: 0.7, curves: [], trainSeconds: 1, trainSamples: 1 };
  const state = new ReplicaState(new Map());
  return new Cell(new TestTask(stage, {}, "/", "/"), {
    progress: { ...progress, epochs, bestEpoch },
    ...{ state, best: state },
  });
};

it.each([
  ["has its whole patience before the first epoch", 0, 0, 3],
  ["has its whole patience after its best epoch", 4, 4, 3],
  ["has what is left of its patience after epochs that were no better", 6, 4, 1],
  ["has no more epochs than it may train", 8, 8, 2],
  ["is finished where its patience has run out", 7, 4, 0],
  ["is finished after its last epoch", 10, 10, 0],
  ["is finished where only its first epoch was any good", 4, 1, 0],
])("a cell %s", (_, epochs, bestEpoch, left) => {
  const cell = cellAt(epochs, bestEpoch);
  expect([cell.epochsLeft, cell.finished]).toEqual([left, left === 0]);
});
