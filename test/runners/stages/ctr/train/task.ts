import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../../../../src/base/json.js";
import { isJsonObject } from "../../../../../src/base/json.js";
import type { StageRequest } from "../../../../../src/contract/runner.js";
import { ctrFragment } from "../../../../../runners/stages/ctr/schema.js";
import type { CtrExecution, CtrParams } from "../../../../../runners/stages/ctr/settings.js";
import { ctrStage } from "../../../../../runners/stages/ctr/stage.js";
import { FakeTask } from "../../../../support/fake-task.js";

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

/** A CTR stage over real folders that keeps what the runner says. */
export class TestTask extends FakeTask<CtrParams, CtrExecution> {
  constructor(
    { params, execution, files }: StageRequest<CtrParams, CtrExecution>,
    inputs: { readonly [name: string]: string },
    out: string,
    work: string,
  ) {
    super({
      ...{ params, execution, inputs, out, work, threads: 2 },
      files: Object.fromEntries(Object.entries(files).map(([name, { path }]) => [name, path])),
    });
  }

  /** Values of one metric by epoch. */
  curve(name: string): number[] {
    return this.events.flatMap((event) =>
      event.type === "metrics" && name in event.values ? [event.values[name]!] : [],
    );
  }
}
