import { Worker } from "node:worker_threads";
import type { Judged } from "../metrics.js";
import type { CtrData, Split } from "../data/load.js";
import { pickingSplit } from "./cell.js";

/** The data that the thread works on, sent once. */
export interface CompanionData {
  readonly picking: Pick<Split, "labels" | "users">;
  readonly test: Pick<Split, "labels" | "users">;
  /** Rows to train on. */
  readonly train: Int32Array;
}

/** One epoch of one replica. */
export interface EpochOf {
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
}

export type Request =
  | {
      readonly kind: "judge";
      readonly split: "picking" | "test";
      readonly scores: readonly Float32Array[];
    }
  | { readonly kind: "orders"; readonly of: readonly EpochOf[] };

export type Answer = readonly (Judged | Int32Array)[];

/** Node loads threads itself, so that where the sources run (in tests) the compiled one serves. */
const thread = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../../../dist/runners/stages/ctr/train/companion-thread.js"
    : "./companion-thread.js",
  import.meta.url,
);

/** A thread beside training, for work without TensorFlow: metrics, and the orders of epochs. */
export class Companion {
  readonly #worker: Worker;
  /** Requests without an answer yet; answers come in the order of the requests. */
  readonly #waiting: {
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** The reason why no more answers will come. */
  #ended: Error | null = null;

  constructor(data: CtrData) {
    const { labels, users } = pickingSplit(data);
    const { test, train } = data;
    const workerData: CompanionData = {
      picking: { labels, users },
      test: { labels: test.labels, users: test.users },
      train,
    };
    this.#worker = new Worker(thread, { workerData });
    this.#worker.on("message", (answer: Answer) => this.#waiting.shift()?.resolve(answer));
    const end = (error: Error): void => {
      this.#ended ??= error;
      for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
    };
    this.#worker.on("error", end);
    this.#worker.on("exit", () => end(new Error("the thread beside training has ended")));
  }

  /**
   * Metrics of each replica's scores of a split. The scores' buffers are transferred to the thread.
   */
  async judge(split: "picking" | "test", scores: readonly Float32Array[]): Promise<Judged[]> {
    const own = scores.map((one) => (one.length * 4 === one.buffer.byteLength ? one : one.slice()));
    const buffers = own.map(({ buffer }) => buffer as ArrayBuffer);
    return (await this.#ask({ kind: "judge", split, scores: own }, buffers)) as Judged[];
  }

  /** The samples in the order of each epoch asked for (see `epochOrder`). */
  async orders(of: readonly EpochOf[]): Promise<Int32Array[]> {
    return (await this.#ask({ kind: "orders", of }, [])) as Int32Array[];
  }

  async #ask(request: Request, transfer: ArrayBuffer[]): Promise<Answer> {
    if (this.#ended !== null) throw this.#ended;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /**
   * Ends the thread. Requests without an answer are never answered, so nothing may wait for them.
   */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    await this.#worker.terminate();
  }
}
