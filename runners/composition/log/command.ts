import { createHash } from "node:crypto";
import type { ScienceCommand, StageToolchain, SweepPlan } from "../../../src/contract/engine.js";
import type { Surroundings } from "../../../src/contract/runner.js";
import { jsonOutput, onlyCells, specFile, specCells } from "../../../src/contract/options.js";
import type { Colours } from "../../../src/base/terminal.js";
import { colours, printJson, printLine } from "../../../src/base/terminal.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { LineageEntry, LoggedText } from "./texts.js";
import type { TextStep } from "../../base/artifacts/texts.js";

interface LogArguments {
  readonly file: string;
  readonly overrides?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly item?: string | undefined;
  readonly json: boolean;
}

/**
 * `log FILE`: where a number came from. Without a user or item, the stages behind the cells, down
 * to adapters and data; with one, every text about it and what led to that text.
 */
export const logCommand: ScienceCommand<LogArguments> = {
  command: "log <file> [overrides..]",
  examples: [
    ["log my.yaml", "the stages behind its cells"],
    ["log my.yaml seed=1", "of the cells with this seed"],
    ["log backbone=din seed=1", "of a cell that was run"],
    ["log my.yaml --user 910", "every text about a user"],
  ],
  describe:
    "show where a number came from: the stages behind cells, or the texts about a user or item",
  builder: (yargs) =>
    yargs
      .positional("file", {
        ...specFile,
        describe: "the spec; or a cell that was run: settings (seed=1), its name, or its id",
      })
      .positional("overrides", specCells)
      .option("only", onlyCells)
      .option("user", { type: "string", describe: "a user, by the data set's own id" })
      .option("item", { type: "string", describe: "an item, by the data set's own id" })
      .conflicts("user", "item")
      .option("json", jsonOutput),
  run: async ({ file, overrides, only, user, item, json }, engine) => {
    const { lineageOf, textsOf } = await import("./texts.js");
    const plan = await engine.plan({ file, overrides }, only);
    const paint = colours(process.stdout);
    const id = user ?? item;
    if (id === undefined) {
      const lineage = await lineageOf(plan, engine);
      const toolchain = await engine.toolchain(plan.stages);
      if (json) await printJson(lineageAsJson(plan, toolchain, lineage));
      else {
        const head = originAsText(plan, toolchain);
        await printLine([...head, ...lineage.map((entry) => entryAsText(entry, paint))].join("\n"));
      }
      return;
    }
    const side: Side = user === undefined ? "items" : "users";
    const { texts, missing } = await textsOf(plan, engine, side, id);
    if (texts.length === 0) throw nothingFound(side, id, missing);
    if (json) await printJson({ texts, missing });
    else await printLine(texts.map((text) => textAsText(text, paint)).join("\n\n"));
  },
};

function nothingFound(side: Side, id: string, missing: number): UserError {
  const what = side === "users" ? "user" : "item";
  if (missing > 0) {
    return new UserError(`there is no text about ${what} ${id} yet: run the sweep first`, {
      exitCode: ExitCode.usage,
    });
  }
  return new UserError(
    `there is no ${what} ${id} in the data sets of these cells, or none of them has knowledge`,
    { exitCode: ExitCode.usage },
  );
}

/** Which sweep made it, of which code, and in which environments its stages would run now. */
function originAsText({ cells, names, origin }: SweepPlan, toolchain: StageToolchain): string[] {
  const [cell] = cells;
  const lines: string[] = [];
  if (cells.length === 1) lines.push(`cell ${names.cell(cell!.id)} (${cell!.id})`);
  if (origin === undefined) lines.push("no sweep has run it yet");
  else {
    const { sweep, experiment, specFile, codeVersion, gitCommit, host, started } = origin;
    lines.push(
      `sweep ${sweep} of ${experiment}, spec ${specFile}`,
      `made by r4ec ${codeVersion}, commit ${gitCommit ?? "none"}, on ${host}, begun ${started}`,
    );
  }
  for (const { part, name, lists } of toolchain.environments) {
    const sums = Object.entries(lists).map(
      ([file, text]) => `${file} ${sha256(text).slice(0, 10)}`,
    );
    lines.push(`environment ${part}: ${name} (${sums.join(", ")})`);
  }
  const others = toolchain.parts.filter((part) => !part.includes("."));
  if (others.length > 0) lines.push(`toolchain: ${others.join(", ")}`);
  return [...lines, ""];
}

const lineageAsJson = (
  { cells, names, origin }: SweepPlan,
  { parts, environments }: StageToolchain,
  lineage: readonly LineageEntry[],
): object => ({
  cells: cells.map(({ id }) => ({ id, name: names.cell(id) })),
  origin:
    origin === undefined
      ? null
      : Object.fromEntries(Object.entries(origin).filter(([name]) => name !== "facts")),
  toolchain: parts,
  environments: environments.map(({ part, name, lists }) => ({
    ...{ part, name },
    lists: Object.fromEntries(Object.entries(lists).map(([file, text]) => [file, sha256(text)])),
  })),
  lineage,
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function entryAsText(entry: LineageEntry, paint: Colours): string {
  const inputs = Object.entries(entry.inputs).map(
    ([name, fingerprint]) => `${name} ${fingerprint.slice(0, 10)}`,
  );
  const metrics = Object.entries(entry.metrics).map(([name, value]) => `${name} ${round(value)}`);
  const facts = Object.entries(entry.facts).map(([name, value]) => `${name} ${value}`);
  const marks = Object.entries(entry.marks).map(([name, value]) => `${name}: ${value}`);
  const state = entry.state === "made" ? `made ${entry.created ?? ""}` : entry.state;
  return [
    `${paint.bold(entry.fingerprint.slice(0, 10))} ${entry.name} (${entry.runner}), ${state}`,
    ...(inputs.length > 0 ? [`  from ${inputs.join(", ")}`] : []),
    ...Object.entries(entry.files).map(
      ([name, sum]) => `  file ${name}, sha256 ${sum.slice(0, 10)}`,
    ),
    ...(entry.folder === null ? [] : [`  in ${entry.folder}`]),
    ...modelLines(entry),
    ...(entry.ran_in === null ? [] : [paint.dim(`  ran in ${surroundingsAsText(entry.ran_in)}`)]),
    ...(facts.length > 0 ? [paint.dim(`  ${facts.join(", ")}`)] : []),
    ...(metrics.length > 0 ? [paint.dim(`  ${metrics.join(", ")}`)] : []),
    ...marks.map((mark) => paint.yellow(`  ${mark}`)),
  ].join("\n");
}

function modelLines({ params }: LineageEntry): readonly string[] {
  const { model } = params;
  if (typeof model !== "object" || model === null || Array.isArray(model)) return [];
  return [`  model ${JSON.stringify(model)}`];
}

/** Facts as `name value`; checksums by their beginnings. */
const surroundingsAsText = (facts: Surroundings): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${/^[0-9a-f]{64}$/.test(value) ? value.slice(0, 10) : value}`)
    .join(", ");

const round = (value: number): string => String(Number(value.toPrecision(6)));

function textAsText(text: LoggedText, paint: Colours): string {
  const what = text.side === "users" ? "user" : "item";
  const cells = `${text.cells.length} ${text.cells.length === 1 ? "cell" : "cells"}`;
  const head = `${what} ${text.id} (number ${text.index}), ${text.label} ${text.stage.slice(0, 10)}`;
  const shown = [`${paint.bold(head)}, ${cells}: ${text.names.join(", ")}`];
  if (text.text === null) return [...shown, "no text: the vector is zeros"].join("\n");
  if (text.history.length === 0) return [...shown, text.text].join("\n");
  return [...shown, ...text.history.map((step) => stepAsText(step, paint))].join("\n\n");
}

function stepAsText(step: TextStep, paint: Colours): string {
  switch (step.step) {
    case "think":
      return `${paint.cyan("think")}\n${step.text}`;
    case "reflect": {
      const reason = step.reason === undefined ? "" : ` (${step.reason})`;
      const head = paint.cyan(`reflect ${step.iteration}: ${step.verdict}${reason}`);
      return step.reflection === "" ? head : `${head}\n${step.reflection}`;
    }
    case "refine":
      return `${paint.cyan(`refine ${step.iteration}`)}\n${step.text}`;
  }
}
