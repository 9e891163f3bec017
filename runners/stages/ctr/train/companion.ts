import { Worker } from "node:worker_threads";
import { packageFile } from "../../../../src/base/package.js";
import type { Judged } from "../metrics.js";
import type { CtrData, Split } from "../data/load.js";
import { pickingSplit } from "./cell.js";
import type { EpochLayout, EpochSamples } from "./epoch-samples.js";
import type { RowIds } from "./room.js";

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
  | { readonly kind: "samples"; readonly of: readonly EpochOf[]; readonly layout: EpochLayout }
  /** Has no answer. */
  | { readonly kind: "ids"; readonly ids: RowIds };

export type Answer = readonly Judged[] | EpochSamples;

const thread = packageFile("dist/runners/stages/ctr/train/companion-thread.js");

/** A thread beside training, for work without TensorFlow: metrics, and the samples of epochs. */
export class Companion {
  readonly #worker: Worker;
  /** Requests without an answer yet; answers come in the order of the requests. */
  readonly #waiting: {
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** The reason why no more answers will come. */
  #ended: Error | null = null;
  /** User and item of each row, until the thread has needed them. */
  #ids: RowIds | null;

  constructor(data: CtrData) {
    const { labels, users } = pickingSplit(data);
    const { test, train, dataset } = data;
    this.#ids = {
      interactionUser: dataset.interactionUser,
      interactionItem: dataset.interactionItem,
      users: dataset.users,
      items: dataset.items,
    };
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

  /** The samples of an epoch, one a replica: each in its order (see `epochOrder`), laid out for steps. */
  async samples(of: readonly EpochOf[], layout: EpochLayout): Promise<EpochSamples> {
    if (layout.room !== null && this.#ids !== null) {
      const request: Request = { kind: "ids", ids: this.#ids };
      this.#worker.postMessage(request);
      this.#ids = null;
    }
    return (await this.#ask({ kind: "samples", of, layout }, [])) as EpochSamples;
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
