import { existsSync } from "node:fs";
import path from "node:path";
import type { CellId, Fingerprint } from "../../../src/base/fingerprint.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { ArtifactFacts, SweepPlan } from "../../../src/contract/engine.js";
import type { ExhibitSource } from "../../../src/contract/exhibits.js";
import type { Surroundings } from "../../../src/contract/runner.js";
import { ownLines } from "../../base/files/jsonl.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { DatasetItem, DatasetUser } from "../../base/artifacts/dataset.js";
import type { KnowledgeLine, TextStep } from "../../base/artifacts/texts.js";
import type { ControlParams } from "../../stages/control/settings.js";

/** A stage behind a number: what it was made from and, once it stands, what came out. */
export interface LineageEntry {
  readonly fingerprint: Fingerprint;
  readonly runner: string;
  readonly label: string;
  /** As every view calls the stage. */
  readonly name: string;
  /** `made`, `not made yet`, or what is wrong with the artifact. */
  readonly state: string;
  readonly params: JsonObject;
  /** Fingerprints by input name. */
  readonly inputs: { readonly [name: string]: Fingerprint };
  /** sha256 of the user's files that it read, by name. */
  readonly files: { readonly [name: string]: string };
  /** The folder of its artifact, which holds weights, vectors, texts or data; null where there is none. */
  readonly folder: string | null;
  /** What it ran in; null where that was not kept, or it is not made yet. */
  readonly ran_in: Surroundings | null;
  /** What it told about itself: versions, programs, counts. */
  readonly facts: { readonly [name: string]: string | number };
  readonly metrics: ArtifactFacts["metrics"];
  readonly marks: ArtifactFacts["marks"];
  /** ISO 8601, or null where it is not made yet. */
  readonly created: string | null;
  readonly seconds: number | null;
}

/** A text about one user or item, as one stage wrote it, with the cells that depend on it. */
export interface LoggedText {
  /** The stage whose text was embedded. */
  readonly stage: Fingerprint;
  readonly label: string;
  /** Ids of the cells, and their names in the same order. */
  readonly cells: readonly CellId[];
  readonly names: readonly string[];
  readonly side: Side;
  /** The data set's own id, and the number r4ec knows it by. */
  readonly id: string;
  readonly index: number;
  /** Null where there is none: the vector is zeros. */
  readonly text: string | null;
  /** think, reflect and refine, oldest first; empty for text made without an LLM. */
  readonly history: readonly TextStep[];
}

/** Stages behind the cells of a plan, the last first, each once. */
export async function lineageOf(
  plan: SweepPlan,
  engine: ExhibitSource,
): Promise<readonly LineageEntry[]> {
  const entries: LineageEntry[] = [];
  for (const [fingerprint, { record }] of [...plan.stages].reverse()) {
    const seen = await engine.inspect(fingerprint);
    const facts = seen.state === "made" ? seen.artifact.facts : null;
    entries.push({
      fingerprint,
      runner: record.runner,
      label: record.label,
      name: plan.names.stage(fingerprint),
      state: facts !== null ? "made" : seen.state === "damaged" ? seen.reason : "not made yet",
      params: record.params,
      inputs: record.inputs,
      files: record.files,
      folder: seen.state === "made" ? seen.artifact.folder : null,
      ran_in: facts?.surroundings ?? null,
      facts: plan.origin?.facts.get(fingerprint) ?? {},
      metrics: facts?.metrics ?? {},
      marks: facts?.marks ?? {},
      created: facts?.created ?? null,
      seconds: facts?.seconds ?? null,
    });
  }
  return entries;
}

/**
 * The texts about one user or item, one for each way in which cells of the plan came by it.
 *
 * @returns texts, and how many text stages are not made yet
 */
export async function textsOf(
  plan: SweepPlan,
  engine: ExhibitSource,
  side: Side,
  id: string,
): Promise<{ readonly texts: readonly LoggedText[]; readonly missing: number }> {
  const texts: LoggedText[] = [];
  let missing = 0;
  for (const [stage, cells] of textStages(plan, side)) {
    const { record } = plan.stages.get(stage)!;
    const seen = await engine.inspect(stage);
    if (seen.state === "damaged") {
      throw new UserError(`${record.label} ${stage.slice(0, 10)} is damaged: ${seen.reason}`, {
        exitCode: ExitCode.environment,
        hint: "run the sweep again: it makes the artifact anew",
      });
    }
    if (seen.state !== "made") {
      missing += 1;
      continue;
    }
    const { artifact } = seen;
    const index = await indexOf((await engine.inputOf(artifact, "dataset"))!, side, id);
    if (index === null) continue;
    const file = path.join(artifact.folder, `${side}.jsonl`);
    const line = existsSync(file) ? await lineOf(file, index) : null;
    texts.push({
      stage,
      label: record.label,
      cells,
      names: cells.map((cell) => plan.names.cell(cell)),
      side,
      id,
      index,
      text: line?.text ?? null,
      history: line?.history ?? [],
    });
  }
  return { texts, missing };
}

/**
 * Stages whose text about one side is embedded, with the cells that stand on them. A cell whose
 * control replaces the vectors of that side stands on no text about it.
 */
export function textStages(
  plan: SweepPlan,
  side: Side,
): ReadonlyMap<Fingerprint, readonly CellId[]> {
  const found = new Map<Fingerprint, CellId[]>();
  for (const cell of plan.cells) {
    const records = behind(plan, cell.stage).map((stage) => plan.stages.get(stage)!.record);
    if (records.some((record) => record.runner === "control" && replaces(record.params, side))) {
      continue;
    }
    for (const { runner, inputs } of records) {
      const text = runner === "embed" ? inputs["text"] : undefined;
      if (text === undefined) continue;
      const cells = found.get(text) ?? [];
      if (cells.length === 0) found.set(text, cells);
      cells.push(cell.id);
    }
  }
  return found;
}

const replaces = (params: JsonObject, side: Side): boolean =>
  (params as ControlParams).sides.includes(side);

/** A stage and all that it needs, each once. */
function behind(plan: SweepPlan, last: Fingerprint): readonly Fingerprint[] {
  const seen = new Set<Fingerprint>();
  const open = [last];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(plan.stages.get(next)?.needs ?? []));
  }
  return [...seen];
}

/** The number of a user or item, or null where the data set doesn't have it. */
async function indexOf(dataset: string, side: Side, id: string): Promise<number | null> {
  for await (const row of ownLines<DatasetUser | DatasetItem>(
    path.join(dataset, `${side}.jsonl`),
  )) {
    if (row.id === id) return row.index;
  }
  return null;
}

/** The text about a user or item; one that was made without an LLM has no history. */
export async function lineOf(file: string, index: number): Promise<LoggedLine | null> {
  for await (const line of ownLines<LoggedLine>(file)) {
    if (line.index === index) return line;
  }
  return null;
}

/** A line of a text artifact; a text that was made without an LLM has no history. */
export type LoggedLine = Pick<KnowledgeLine, "index" | "text"> &
  Partial<Pick<KnowledgeLine, "history">>;
