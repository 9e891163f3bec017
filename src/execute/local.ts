import path from "node:path";
import type { Allocation, ReadyToolchain, Resources, StageError } from "../contract/runner.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { CardHealth, CardOut, CardVerdict } from "./card-health.js";
import type { CardUse } from "./card-use.js";
import { programEnvironment } from "./environment.js";
import type { Executor, Group, GroupListener, Place, RunningCall } from "./executor.js";
import type { GpuDevice } from "./gpus.js";
import type { FromWorker, WorkerArguments } from "./messages.js";
import type { MpsGate } from "./mps-gate.js";
import type { Room } from "./room.js";
import type { Among, Share } from "./slots.js";
import { sharesOf } from "./slots.js";
import { StartLimiter } from "./start-limiter.js";
import type { WorkerExit } from "./worker-process.js";
import { WorkerProcess } from "./worker-process.js";
import { sizeText } from "../base/memory-size.js";
import { openFolderSync } from "../base/folder.js";

export interface LocalOptions {
  /** CPU slots. */
  readonly cpus: number;
  readonly gpus: readonly GpuDevice[];
  readonly room: Room;
  /** Told whether a worker of this sweep is on a card, so that what it uses is not taken for a stranger's. */
  readonly use: CardUse | null;
  readonly health: CardHealth;
  readonly mps: MpsGate;
  readonly serves: WorkerArguments;
  /** Folder for the workers' output. */
  readonly logs: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A worker on cards ends after it has rested for so long. */
const REST_MILLISECONDS = 15_000;
/** Parts of a card that add up to one may miss it by so much. */
const TINY = 1e-6;

/** Runs stages on this machine, in worker processes that are reused. */
export class LocalExecutor implements Executor {
  readonly #busy = new Set<WorkerProcess>();
  /** Workers that rest; those on cards for a while only, by a timer. */
  readonly #idle = new Map<WorkerProcess, NodeJS.Timeout | undefined>();
  /** Asked to leave, and not gone yet. */
  readonly #leaving = new Set<WorkerProcess>();
  /** Stages whose last run shared a card by MPS. */
  readonly #byMps = new Set<Fingerprint>();
  readonly #starts = new StartLimiter();
  #count = 0;
  #draining = false;

  constructor(private readonly options: LocalOptions) {}

  places(wanted: Resources, gpu: number | null): number {
    return this.options.room.slots.places(wanted, gpu);
  }

  find(
    wanted: Resources,
    gpu: number | null,
    ready: () => number,
    among: Partial<Among> = {},
  ): Place | null {
    const { room, mps } = this.options;
    if (mps.opening !== null && room.slots.fit(wanted).gpus > 0) return null;
    const share = room.take(wanted, gpu, among);
    return share === null ? null : this.#place(share, ready());
  }

  settle(): Promise<void> | null {
    const { room, mps } = this.options;
    const others = room.settle();
    return mps.opening ?? others;
  }

  hopeless(wanted: Resources, gpu: number | null): string | null {
    const { room, health } = this.options;
    if (!room.slots.isHopeless({ wanted, gpu })) return null;
    const { reasons } = health;
    if (reasons !== "") return `the GPUs that are left do not suffice; ${reasons}`;
    const { gpuMemory } = wanted;
    return gpuMemory === undefined
      ? "it may use too few GPUs here"
      : `no GPU that it may use here has ${sizeText(gpuMemory)} of memory`;
  }

  async failed(
    stage: Fingerprint,
    gpus: readonly number[],
    error: StageError,
  ): Promise<CardVerdict> {
    const { health, room, mps } = this.options;
    const byMps = error.class === "gpu" && this.#byMps.has(stage);
    if (byMps) mps.leave();
    // Under MPS a fault may be another program's, or MPS's own: no card is blamed without proof.
    const seen: StageError = byMps ? { ...error, class: "other" } : error;
    const verdict = await room.hold(gpus, health.failed(stage, gpus, seen));
    for (const { gpu } of verdict.out) room.slots.takeOut(gpu);
    for (const gpu of verdict.rest) room.rest(gpu, () => health.isBlamed(gpu));
    return verdict;
  }

  worked(stage: Fingerprint, gpus: readonly number[]): readonly CardOut[] {
    const { health, room } = this.options;
    const out = gpus.length === 0 ? [] : health.worked(stage, gpus);
    for (const { gpu } of out) room.slots.takeOut(gpu);
    return out;
  }

  #place(share: Share, ready: number): Place {
    const allocation = allocationOf(share);
    let worker: WorkerProcess | null = null;
    const release = (): void => {
      if (worker !== null) this.#rest(worker);
      worker = null;
      this.options.room.release(share);
    };
    return {
      allocation,
      release,
      open: (toolchain) => {
        worker = this.#take(share, toolchain, ready);
        // A process that could not be started at all says so by its exit.
        return { worker: worker.number, pid: worker.pid ?? -1, mark: worker.mark };
      },
      run: (group, listener, tightened) =>
        this.#run(worker!, share, { group, listener, tightened }),
    };
  }

  /** A worker for the share: one that rests, or a new one. */
  #take(share: Share, toolchain: ReadyToolchain, ready: number): WorkerProcess {
    const mps = this.options.mps.variablesFor(share);
    const key = JSON.stringify([share.gpus, share.cpus, toolchain.environment, mps]);
    let chosen: WorkerProcess | null = null;
    for (const worker of this.#idle.keys()) {
      if (chosen === null && worker.key === key) {
        chosen = worker;
      } else if (worker.key !== key && shareCard(worker, share)) {
        // It holds memory of a card that is somebody else's now.
        this.#retire(worker);
      }
    }
    if (chosen === null) {
      const { cpus, gpus } = this.options;
      if (this.#idle.size + this.#busy.size >= cpus + gpus.length * 4) {
        for (const worker of this.#idle.keys()) this.#retire(worker);
      }
      const environment = {
        ...programEnvironment(share, this.options, { toolchain, ready }),
        ...mps,
      };
      openFolderSync(this.options.logs);
      const number = ++this.#count;
      const log = path.join(this.options.logs, `worker-${process.pid}-${number}.log`);
      chosen = new WorkerProcess(
        number,
        key,
        share.gpus,
        this.options.serves,
        environment,
        log,
        mps !== null,
      );
      const started = chosen;
      void started.gone.then(() => {
        this.#wake(started);
        this.#leaving.delete(started);
        this.#busy.delete(started);
        this.#tellOfCards(started);
      });
    }
    // What it keeps between calls may be of an earlier one.
    chosen.gpuShare = Math.max(chosen.gpuShare, share.gpuShare);
    this.#wake(chosen);
    this.#busy.add(chosen);
    this.#tellOfCards(chosen);
    this.#leaveRoom(share);
    return chosen;
  }

  /** It does not rest any more. */
  #wake(worker: WorkerProcess): void {
    clearTimeout(this.#idle.get(worker));
    this.#idle.delete(worker);
  }

  /** Whether workers are on the cards of one of them; what they use of these is no stranger's. */
  #tellOfCards({ gpus }: WorkerProcess): void {
    const all = [...this.#busy, ...this.#idle.keys(), ...this.#leaving];
    for (const { index, id } of this.options.gpus) {
      if (!gpus.includes(index)) continue;
      this.options.use?.ours(
        id,
        all.some((worker) => worker.gpus.includes(index)),
      );
    }
  }

  /**
   * Workers that rest keep memory of their card. So only as many stay as have room beside those that work, by what
   * they were given and by the share that starts now: one that has failed for memory has the rest for itself.
   */
  #leaveRoom({ gpus, gpuShare }: Share): void {
    for (const gpu of gpus) {
      const on = (workers: Iterable<WorkerProcess>): WorkerProcess[] =>
        [...workers].filter((worker) => worker.gpus.includes(gpu));
      const resting = on(this.#idle.keys());
      const all = [...on(this.#busy), ...resting];
      let tooMany = all.length - sharesOf(gpuShare);
      let tooMuch = all.reduce((sum, worker) => sum + worker.gpuShare, -1);
      for (const worker of resting) {
        if (tooMany <= 0 && tooMuch < TINY) break;
        tooMany -= 1;
        tooMuch -= worker.gpuShare;
        this.#retire(worker);
      }
    }
  }

  #retire(worker: WorkerProcess): void {
    this.#wake(worker);
    this.#leaving.add(worker);
    worker.retire();
    setTimeout(() => worker.kill(), 3000).unref();
  }

  #run(
    worker: WorkerProcess,
    share: Share,
    order: { group: Group; listener: GroupListener; tightened: number },
  ): RunningCall {
    const { group, listener, tightened } = order;
    const call: RunningCall = {
      log: worker.logFile,
      lastLines: () => worker.lastLines,
      kill: () => worker.kill(),
    };
    // Set while the worker starts on its cards.
    let started = (): void => undefined;
    const over = (exit: WorkerExit | null): void => {
      started();
      worker.hooks = null;
      this.#busy.delete(worker);
      this.options.room.release(share);
      if (exit === null) this.#rest(worker);
      listener.over(exit);
    };
    const message = (said: FromWorker): void => {
      started();
      if (said.type === "event") listener.event(said.stage, said.event);
      else if (said.type === "end") {
        if (said.end.how === "failed" && isSpent(said.end.error)) worker.spend();
        listener.end(said.stage, said.end);
      } else over(null);
    };
    if (worker.exited !== null) {
      const exit = worker.exited;
      setImmediate(() => over(exit));
      return call;
    }
    for (const { record } of group.tasks) {
      if (worker.byMps) this.#byMps.add(record.fingerprint);
      else this.#byMps.delete(record.fingerprint);
    }
    const { fresh } = worker;
    worker.beginCall();
    worker.hooks = { message, exit: over };
    void this.#mayStart(share, fresh).then((release) => {
      if (worker.exited !== null) return release();
      started = release;
      listener.told();
      worker.send({
        type: "run",
        runner: group.runner,
        tasks: group.tasks,
        allocation: { ...allocationOf(share), ...(tightened > 0 && { tightened }) },
        toolchain: group.toolchain.paths,
        surroundings: group.toolchain.surroundings,
      });
      if (this.#draining) worker.send({ type: "drain" });
    });
    return call;
  }

  /** Resolves when a worker with this share may start a call, with what to call once it has started. */
  async #mayStart(share: Share, fresh: boolean): Promise<() => void> {
    // A worker that leaves keeps its card's memory until it is gone.
    const leaving = [...this.#leaving].filter((one) => shareCard(one, share));
    await Promise.all(leaving.map((one) => one.gone));
    return fresh ? this.#starts.acquire(share.gpus) : () => undefined;
  }

  #rest(worker: WorkerProcess): void {
    this.#busy.delete(worker);
    if (worker.exited !== null) return;
    const { gpus } = worker;
    if (this.#draining || worker.spent || this.options.room.isWished(gpus)) this.#retire(worker);
    // It keeps memory of its cards, which others on the machine may use.
    else this.#idle.set(worker, gpus.length === 0 ? undefined : this.#retireLater(worker));
  }

  #retireLater(worker: WorkerProcess): NodeJS.Timeout {
    return setTimeout(() => this.#retire(worker), REST_MILLISECONDS).unref();
  }

  drain(): void {
    this.#draining = true;
    this.options.room.leave();
    this.#starts.lift();
    for (const worker of this.#busy) worker.send({ type: "drain" });
  }

  async stop(): Promise<void> {
    this.#draining = true;
    this.options.room.leave();
    const all = [...this.#busy, ...this.#idle.keys(), ...this.#leaving];
    // An idle worker has nothing to save, and TensorFlow takes its time to leave politely.
    for (const worker of all) worker.kill();
    await Promise.all(all.map((worker) => worker.gone));
    await this.options.mps.close();
    this.options.room.close();
  }
}

/**
 * True after a failure that stays with the process: where memory was full TensorFlow, for one, keeps what
 * it has got, and after a failure of a card CUDA gives the process nothing any more.
 */
const isSpent = ({ class: of }: StageError): boolean =>
  of === "memory" || of === "gpu_memory" || of === "gpu";

/** What a stage is told of its share. */
const allocationOf = ({ gpus, gpuShare, cpus }: Share): Allocation => ({
  gpus,
  ...(gpus.length > 0 && { gpuShare }),
  threads: cpus,
});

const shareCard = ({ gpus }: WorkerProcess, share: Share): boolean =>
  gpus.some((gpu) => share.gpus.includes(gpu));
