import type { Fingerprint } from "../../src/base/fingerprint.js";
import type { JsonObject } from "../../src/base/json.js";
import type {
  RunnerEvent,
  StageError,
  StageResult,
  StageTask,
  ToolchainPaths,
} from "../../src/contract/runner.js";

/** What a test says of a stage; what is left out is empty. */
export interface FakeTaskSetup<Params, Execution> {
  readonly params: Params;
  readonly execution: Execution;
  /** Folders that are there. */
  readonly out: string;
  readonly work: string;
  readonly label?: string;
  readonly fingerprint?: string;
  readonly inputs?: { readonly [name: string]: string };
  readonly files?: { readonly [name: string]: string };
  readonly gpus?: readonly number[];
  /** How much of each of them. */
  readonly gpuShare?: number;
  /** One if left out. */
  readonly threads?: number;
  readonly toolchain?: ToolchainPaths;
}

/** A stage as its runner sees it, over real folders: it keeps what the runner says. */
export class FakeTask<Params = JsonObject, Execution = JsonObject> implements StageTask<
  Params,
  Execution
> {
  readonly fingerprint: Fingerprint;
  readonly label: string;
  readonly params: Params;
  readonly execution: Execution;
  readonly inputs: { readonly [name: string]: string };
  readonly files: { readonly [name: string]: string };
  readonly out: string;
  readonly work: string;
  readonly resources: StageTask["resources"];
  readonly toolchain: ToolchainPaths;
  readonly stop: StageTask["stop"];
  readonly events: RunnerEvent[] = [];
  published: StageResult | undefined;
  failed: StageError | undefined;
  #draining = false;
  readonly #drainListeners: (() => void)[] = [];

  constructor(setup: FakeTaskSetup<Params, Execution>) {
    this.fingerprint = (setup.fingerprint ?? "0".repeat(64)) as Fingerprint;
    this.label = setup.label ?? "test";
    this.params = setup.params;
    this.execution = setup.execution;
    this.inputs = setup.inputs ?? {};
    this.files = setup.files ?? {};
    this.out = setup.out;
    this.work = setup.work;
    const { gpus = [], gpuShare, threads = 1 } = setup;
    this.resources = { gpus, threads, ...(gpuShare !== undefined && { gpuShare }) };
    this.toolchain = setup.toolchain ?? { environments: {} };
    const isDraining = (): boolean => this.#draining;
    this.stop = {
      get draining() {
        return isDraining();
      },
      onDrain: (listener) => {
        if (this.#draining) listener();
        else this.#drainListeners.push(listener);
      },
      abort: new AbortController().signal,
    };
  }

  /** Asks the stage to save a checkpoint and to end, as Ctrl-C does. */
  readonly drain = (): void => {
    if (this.#draining) return;
    this.#draining = true;
    for (const listener of this.#drainListeners) listener();
  };

  // Runners and tests may pass these on alone.
  emit = (event: RunnerEvent): void => {
    this.events.push(event);
  };
  publish = async (result: StageResult): Promise<void> => {
    this.published = result;
  };
  fail = async (error: StageError): Promise<void> => {
    this.failed = error;
  };
}
