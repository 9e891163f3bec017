import type { CellRecord, StageRecord } from "../contract/records.js";
import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import { fingerprintOf, sweepIdOf } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { Runner, StageRequest } from "../contract/runner.js";
import type { Science } from "../contract/science.js";
import type { Cell, Experiment } from "../spec/index.js";
import { flatSettings } from "../spec/index.js";

/** A node of the graph. */
export interface PlannedStage {
  readonly record: StageRecord;
  readonly runner: Runner;
  /** How to run it; not part of its identity. Holds `gpu`, the card it is pinned to, or null. */
  readonly execution: JsonObject & { readonly gpu: number | null };
  /** Absolute paths of the user's files, by name. */
  readonly files: { readonly [name: string]: string };
  /** Fingerprints of its input stages, each once. */
  readonly needs: readonly Fingerprint[];
  /** Cells whose last stage it is. */
  readonly cells: CellId[];
}

/** All stages that an experiment needs, each shared stage once. */
export interface Plan {
  readonly sweep: SweepId;
  readonly cells: readonly CellRecord[];
  /** A stage stands after all it needs. */
  readonly stages: ReadonlyMap<Fingerprint, PlannedStage>;
}

/** What planning asks of the world: checksums of the user's files. */
export interface HashesFiles {
  hash(file: string): Promise<string>;
}

/**
 * Turns the cells of an experiment into one graph of stages. Linear in the cells: what is the same
 * object is looked at once, what is equal is one stage. Throws a UserError for a user's file that
 * cannot be read.
 */
export async function makePlan(
  experiment: Pick<Experiment, "name" | "folder" | "cells">,
  science: Science,
  files: HashesFiles,
): Promise<Plan> {
  const builder = new Builder(science, files);
  const cells: CellRecord[] = [];
  for (const cell of experiment.cells) {
    const request = science.plan(cell.settings, { folder: experiment.folder });
    const stage = await builder.add(request, cell);
    stage.cells.push(cell.id);
    cells.push({
      id: cell.id,
      settings: flatSettings(cell.settings, science.blockNames),
      stage: stage.record.fingerprint,
    });
  }
  const sweep = sweepIdOf(
    experiment.name,
    cells.map((cell) => cell.id),
  );
  return { sweep, cells, stages: builder.stages };
}

class Builder {
  readonly stages = new Map<Fingerprint, PlannedStage>();
  readonly #seen = new Map<StageRequest, PlannedStage>();
  readonly #open = new Set<StageRequest>();

  constructor(
    private readonly science: Science,
    private readonly files: HashesFiles,
  ) {}

  /** The node of a request; `cell` where it is the cell's last stage, whose placement it takes. */
  async add(request: StageRequest, cell: Cell | null): Promise<PlannedStage> {
    const known = this.#seen.get(request);
    if (known !== undefined) return known;
    if (this.#open.has(request)) throw new Error(`the stage ${request.label} needs its own result`);
    const runner = this.science.runner(request.runner);
    if (runner === undefined) throw new Error(`no runner is named ${request.runner}`);
    this.#open.add(request);
    const inputs: { [name: string]: Fingerprint } = {};
    for (const [name, input] of Object.entries(request.inputs)) {
      inputs[name] = (await this.add(input, null)).record.fingerprint;
    }
    const sums: { [name: string]: string } = {};
    const paths: { [name: string]: string } = {};
    for (const [name, file] of Object.entries(request.files)) {
      sums[name] = await this.files.hash(file.path);
      paths[name] = file.path;
    }
    this.#open.delete(request);
    const identity = {
      runner: runner.name,
      version: runner.version,
      params: request.params,
      inputs,
      files: sums,
    };
    const fingerprint = fingerprintOf(identity);
    let stage = this.stages.get(fingerprint);
    if (stage === undefined) {
      const pinned = request.execution["gpu"];
      const gpu = cell?.gpu ?? (typeof pinned === "number" ? pinned : null);
      stage = {
        record: { fingerprint, label: request.label, ...identity },
        runner,
        execution: { ...request.execution, gpu },
        files: paths,
        needs: [...new Set(Object.values(inputs))],
        cells: [],
      };
      this.stages.set(fingerprint, stage);
    }
    this.#seen.set(request, stage);
    return stage;
  }
}
