import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../../../../src/base/json.js";
import { isJsonObject } from "../../../../../src/base/json.js";
import type {
  RunnerEvent,
  StageError,
  StageRequest,
  StageResult,
  StageTask,
} from "../../../../../src/contract/runner.js";
import type { Fingerprint } from "../../../../../src/base/fingerprint.js";
import { ctrFragment } from "../../../../../runners/stages/ctr/schema.js";
import type { CtrExecution, CtrParams } from "../../../../../runners/stages/ctr/settings.js";
import { ctrStage } from "../../../../../runners/stages/ctr/stage.js";

/** A folder that is gone after the tests of a file. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), "r4ec-test-"));
  #next = 0;
  folder(): string {
    const path = join(this.path, String(this.#next++));
    mkdirSync(path, { recursive: true });
    return path;
  }
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Defaults out of a schema, as the spec reader fills them in. */
export function defaultsOf(schema: JsonObject): JsonObject {
  const properties = schema["properties"];
  if (!isJsonObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const own = property as JsonObject;
      return [name, own["properties"] === undefined ? own["default"]! : defaultsOf(own)];
    }),
  );
}

const request = (runner: string): StageRequest => ({
  runner,
  label: runner,
  params: {},
  inputs: {},
  files: {},
  execution: {},
});

/** The CTR stage of a cell with the defaults and what is given. */
export function stageOf(cell: {
  readonly backbone: string;
  readonly seed?: number;
  readonly ctr?: JsonObject;
  readonly knowledge?: boolean;
  readonly folder?: string;
}): StageRequest<CtrParams, CtrExecution> {
  const settings = {
    backbone: cell.backbone,
    seed: cell.seed ?? 1,
    ctr: { ...defaultsOf(ctrFragment), ...cell.ctr },
  };
  const embed = cell.knowledge === true ? request("embed") : null;
  return ctrStage(settings, { folder: cell.folder ?? "/" }, request("dataset"), embed);
}

/** A task over real folders that keeps what the runner says. */
export class TestTask implements StageTask<CtrParams, CtrExecution> {
  readonly fingerprint = "0".repeat(64) as Fingerprint;
  readonly label = "test";
  readonly params: CtrParams;
  readonly execution: CtrExecution;
  readonly files: { readonly [name: string]: string };
  readonly resources = { gpus: [], threads: 2 };
  readonly toolchain = { environments: {} };
  readonly events: RunnerEvent[] = [];
  published: StageResult | undefined;
  failed: StageError | undefined;
  draining = false;
  readonly abortion = new AbortController();

  constructor(
    stage: StageRequest<CtrParams, CtrExecution>,
    readonly inputs: { readonly [name: string]: string },
    readonly out: string,
    readonly work: string,
  ) {
    this.params = stage.params;
    this.execution = stage.execution;
    this.files = Object.fromEntries(
      Object.entries(stage.files).map(([name, { path }]) => [name, path]),
    );
  }

  get stop(): StageTask["stop"] {
    return { draining: this.draining, onDrain: () => {}, abort: this.abortion.signal };
  }
  emit(event: RunnerEvent): void {
    this.events.push(event);
  }
  async publish(result: StageResult): Promise<void> {
    this.published = result;
  }
  async fail(error: StageError): Promise<void> {
    this.failed = error;
  }

  /** Values of one metric by epoch. */
  curve(name: string): number[] {
    return this.events.flatMap((event) =>
      event.type === "metrics" && name in event.values ? [event.values[name]!] : [],
    );
  }
}
