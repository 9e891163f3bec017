import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Fingerprint } from "../src/base/fingerprint.js";
import type { StageRequest, StageTask } from "../src/contract/runner.js";

/** What a stage is asked for, its inputs being folders. */
type Asked<Params, Execution> = Pick<
  StageRequest<Params, Execution>,
  "label" | "params" | "execution"
> &
  Partial<Pick<StageRequest<Params, Execution>, "files">> & {
    readonly inputs: { readonly [name: string]: string };
  };

/** A stage as a worker would be given it, that writes into `folder`/out and throws where it fails. */
export function taskOf<Params, Execution>(
  { label, params, execution, inputs, files = {} }: Asked<Params, Execution>,
  folder: string,
): StageTask<Params, Execution> {
  const [out, work] = ["out", "work"].map((name) => join(folder, name)) as [string, string];
  for (const each of [out, work]) mkdirSync(each, { recursive: true });
  return {
    fingerprint: "0".repeat(64) as Fingerprint,
    label,
    params,
    execution,
    inputs,
    files: Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.path])),
    out,
    work,
    resources: { gpus: [], threads: availableParallelism() },
    toolchain: { environments: {} },
    stop: { draining: false, onDrain: () => undefined, abort: new AbortController().signal },
    emit: () => undefined,
    publish: async () => undefined,
    fail: async ({ message }) => {
      throw new Error(message);
    },
  };
}
