import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/base/json.js";
import type { Runner, RunnerProgram, StageTask } from "../../src/contract/runner.js";
import type { Science } from "../../src/contract/science.js";

/** Metrics of a step of a cell's curves. */
export const CURVES = ["loss", "auc", "logloss", "gauc", "valid.loss", "valid.auc"];

/** A stage that writes one line, and as many steps of curves as it is told. */
async function writeLine(task: StageTask): Promise<void> {
  const { name, steps } = task.params as { name: string; steps?: number };
  for (let step = 1; step <= (steps ?? 0); step++) {
    const values = CURVES.map((curve, at) => [curve, (at + 1) / step] as const);
    task.emit({ type: "metrics", step, values: Object.fromEntries(values) });
  }
  const { base } = task.inputs;
  const below = base === undefined ? "" : readFileSync(join(base, "out.txt"), "utf8");
  writeFileSync(join(task.out, "out.txt"), `${below}${name}\n`);
  await task.publish({ metrics: { value: name.length } });
}

const program: RunnerProgram = {
  run: async (tasks) => {
    for (const task of tasks) await writeLine(task);
  },
};

const runner = (name: string): Runner => ({
  name,
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: () => Promise.resolve(program),
});

const runners = [runner("base"), runner("cell")];

const axis = (description: string): JsonObject => ({ type: "integer", description, default: 0 });

/**
 * The least science there can be: one stage that all cells read, and one stage for each cell, each of
 * which writes a line. What a sweep of it costs, the engine costs.
 */
export const science: Science = {
  about: "Runs stages that do next to nothing.",
  headline: ["value"],
  curves: ["loss"],
  quickstart: { spec: "none.yaml", describe: "none" },
  starter: { questions: () => [], write: () => "" },
  cellsPerCard: {
    setting: "cells_per_card",
    schema: { description: "Cells on one card.", type: "integer", minimum: 1, default: 1 },
  },
  fragments: {
    toy: {
      type: "object",
      description: "The toy's settings.",
      additionalProperties: false,
      default: {},
      properties: {
        a: axis("An axis."),
        b: axis("Another axis."),
        steps: axis("Steps of each cell's curves."),
      },
    },
  },
  expand: (settings) => settings,
  ignored: () => [],
  neutral: {},
  check: () => [],
  plan: (settings) => {
    const { a, b, steps } = settings["toy"] as { a: number; b: number; steps: number };
    const request = { files: {}, execution: {} };
    const base = {
      ...request,
      runner: "base",
      label: "base",
      params: { name: "base" },
      inputs: {},
    };
    const name = `${a} ${b}`;
    const params = { name, steps, seed: settings["seed"] ?? null };
    return { ...request, runner: "cell", label: `cell ${name}`, params, inputs: { base } };
  },
  runner: (name) => runners.find((one) => one.name === name),
  environments: [],
  commands: [],
};
