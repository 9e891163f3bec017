import os from "node:os";
import path from "node:path";
import { ExitCode } from "../../base/exit.js";
import type { Fingerprint } from "../../base/fingerprint.js";
import { learnSecrets } from "../../base/redact.js";
import type { JsonObject } from "../../base/json.js";
import type { StageError } from "../../contract/runner.js";
import type { Science } from "../../contract/science.js";
import type { LockHolder } from "../../store/index.js";
import { JOB_VARIABLE, Store } from "../../store/index.js";
import { gpusHere } from "../gpus.js";
import { LocalExecutor } from "../local.js";
import { Mps } from "../mps.js";
import { MpsGate } from "../mps-gate.js";
import { roomAlone } from "../open-room.js";
import type { TaskEnd } from "../messages.js";
import type { Place } from "../executor.js";
import type { Prepared, RunnableStage } from "../prepare.js";
import { prepareGroup } from "../prepare.js";
import { runGroup } from "../run-group.js";
import type { JobCall, LockedBy, Order } from "./orders.js";
import {
  claimOf,
  claimTask,
  readLockedBy,
  readOrder,
  SECRETS_VARIABLE,
  taskFiles,
  taskKey,
  writeLockedBy,
} from "./orders.js";
import { LineWriter } from "./lines.js";
import { queueNamed } from "./queues.js";

/**
 * The program of a cluster's job: runs the stages of one task of an order, in worker processes of its
 * node as a sweep on one machine does, and says into a file what happens. It needs the store's file
 * system and nothing else: no network, and no controller.
 *
 * Arguments: the queue's name, the order's folder, the task's number.
 */

/** Between looks whether a stage that somebody else makes is there, in milliseconds. */
const LOOK = 1000;
/** So near to its end a job that is told to stop has run out of time, in seconds. */
const LATE = 180;
/** A cluster tells all processes of a job to end; so long may one of them be ahead, in milliseconds. */
const AHEAD = 1000;

type Stage = RunnableStage;

class Job {
  readonly #store: Store;
  readonly #executor: LocalExecutor;
  readonly #mps: MpsGate;
  readonly #began = performance.now();
  #drained = false;
  #bad = false;

  constructor(
    private readonly order: Order,
    /** This run of the task. */
    private readonly self: LockedBy,
    private readonly lines: LineWriter,
    private readonly science: Science,
    machine: {
      readonly gpus: Awaited<ReturnType<typeof gpusHere>>;
      readonly mps: Mps | null;
      readonly logs: string;
    },
  ) {
    this.#mps = new MpsGate(machine.mps);
    this.#store = new Store(order.serves.store);
    this.#executor = new LocalExecutor({
      cpus: order.cpus,
      gpus: machine.gpus,
      ...roomAlone({ cpus: order.cpus, gpus: machine.gpus }),
      mps: this.#mps,
      serves: order.serves,
      logs: machine.logs,
      environment: { ...process.env, ...order.environment },
    });
    process.on("SIGTERM", () => this.#drain());
  }

  #drain(): void {
    this.#drained = true;
    this.#executor.drain();
  }

  /** Runs the calls, as many at a time as have room; gives whether all stages are made. */
  async run(
    calls: readonly JobCall[],
    hidden: { readonly [stage: string]: JsonObject },
  ): Promise<boolean> {
    let waiting = [...calls];
    const running = new Set<Promise<void>>();
    while (waiting.length > 0 || running.size > 0) {
      const later: JobCall[] = [];
      for (const call of this.#drained ? [] : waiting) {
        const place = this.#executor.find(call.wanted, null, () => waiting.length);
        if (place === null) {
          const hopeless = this.#executor.hopeless(call.wanted, null);
          if (hopeless === null) later.push(call);
          else await this.#giveUp(call, hopeless);
          continue;
        }
        const one = this.#call(call, place, hidden).finally(() => running.delete(one));
        running.add(one);
      }
      waiting = later;
      if (running.size > 0) await Promise.race(running);
    }
    await this.#executor.stop();
    const seconds = (performance.now() - this.#began) / 1000;
    const late = this.order.seconds !== null && seconds > this.order.seconds - LATE;
    await this.lines.say({ type: "over", drained: this.#drained, late: this.#drained && late });
    return !this.#bad && !this.#drained;
  }

  /** Ends a call that this node can never run. */
  async #giveUp({ stages }: JobCall, message: string): Promise<void> {
    this.#bad = true;
    const error: StageError = { kind: "machine", class: "gpu", message };
    for (const { order } of stages) {
      const stage = order.record.fingerprint;
      await this.lines.say({ type: "started", stage, worker: 0, gpus: [], fusedWith: 1 });
      await this.lines.say({ type: "end", stage, end: { how: "failed", error, seconds: 0 } });
    }
  }

  async #call(
    call: JobCall,
    first: Place,
    hidden: { readonly [stage: string]: JsonObject },
  ): Promise<void> {
    let stages: readonly Stage[] = call.stages.map(({ order, needs }) => {
      const { fingerprint } = order.record;
      const execution = (hidden[fingerprint] ?? order.execution) as Stage["execution"];
      return { ...order, execution, needs };
    });
    let place: Place | null = first;
    while (stages.length > 0) {
      place ??= this.#executor.find(call.wanted, null, () => 1);
      if (place !== null) stages = await this.#round(call, stages, place);
      place = null;
      if (this.#drained) return;
      // Another sweep makes them, or this call's room is another one's at the moment.
      if (stages.length > 0) await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  /** Runs those of the stages that nobody else makes at the moment, and gives the others. */
  async #round(call: JobCall, stages: readonly Stage[], place: Place): Promise<readonly Stage[]> {
    const elsewhere: Stage[] = [];
    const say = (stage: Stage): Fingerprint => stage.record.fingerprint;
    const prepared = await prepareGroup(
      stages,
      this.#store,
      {
        cached: (stage, result) => this.lines.say({ type: "cached", stage: say(stage), result }),
        elsewhere: (stage) => elsewhere.push(stage),
        lacking: (stage, inputs) => {
          this.#bad = true;
          return this.lines.say({ type: "lacking", stage: say(stage), inputs });
        },
        damaged: (stage, reason, movedTo) =>
          this.lines.say({ type: "damaged", stage: say(stage), reason, movedTo }),
      },
      (holder) => this.#isOver(holder),
    );
    if (prepared.length === 0 || this.#drained) {
      for (const { lock } of prepared) await lock.release();
      place.release();
      return elsewhere;
    }
    const { toolchain } = this.order;
    const { worker, pid, mark } = place.open(toolchain);
    for (const { stage, lock } of prepared) {
      if (pid > 0) await lock.handTo(pid, mark);
      const { gpus } = place.allocation;
      const fusedWith = prepared.length;
      await this.lines.say({ type: "started", stage: say(stage), worker, gpus, fusedWith });
    }
    const ends: Promise<void>[] = [];
    await runGroup(prepared, place, {
      toolchain,
      tightened: call.tightened,
      limit: call.limit ?? undefined,
      classify: (words) => this.science.classify?.(words) ?? null,
      stopping: () => this.#drained,
      event: (stage, event) => this.lines.event(stage, event),
      ended: (one, end) => ends.push(this.#ended(one, end)),
    });
    await Promise.all(ends);
    return elsewhere;
  }

  /**
   * Holders that have certainly ended: earlier jobs of these stages, and this job before it was requeued. A
   * second copy of this job, which a forgetful cluster has started, is none of them.
   */
  #isOver({ job }: LockHolder): boolean {
    const by = job === undefined ? null : readLockedBy(job);
    if (by === null) return false;
    if (this.order.over.includes(by.task)) return true;
    return by.task === this.self.task && by.run < this.self.run;
  }

  async #ended({ stage, lock }: Prepared<Stage>, end: TaskEnd): Promise<void> {
    if (end.how !== "published") this.#bad = true;
    // What a card fails by may be MPS.
    if (end.how === "failed" && end.error.class === "gpu") this.#mps.leave();
    const said = (await this.#isByDrain(end)) ? ({ how: "drained" } as const) : end;
    await this.lines.say({ type: "end", stage: stage.record.fingerprint, end: said });
    await lock.release();
  }

  /** Whether a stage failed since its processes were told to end, as where the job is requeued. */
  async #isByDrain(end: TaskEnd): Promise<boolean> {
    if (end.how !== "failed" || end.error.kind !== "machine") return false;
    if (!this.#drained) await new Promise((resolve) => setTimeout(resolve, AHEAD));
    return this.#drained;
  }
}

const [queueName, folder, number] = process.argv.slice(2) as [string, string, string];
const task = Number(number);
const queue = queueNamed(queueName);
const here = queue.here() ?? {
  id: `process ${process.pid}`,
  node: os.hostname(),
  memory: null,
  run: 0,
};
const job = here.id;
const hidden = JSON.parse(process.env[SECRETS_VARIABLE] ?? "{}") as { [stage: string]: JsonObject };
delete process.env[SECRETS_VARIABLE];
for (const execution of Object.values(hidden)) learnSecrets(execution);
const again = (await claimOf(folder, task)) === job;
const owner = await claimTask(folder, task, job);
if (owner !== job) {
  process.stderr.write(`this task belongs to ${owner}: nothing is to be done here\n`);
  process.exit(ExitCode.cellsFailed);
}
const order = await readOrder(folder);
const self = { task: taskKey(order, task), run: here.run };
process.env[JOB_VARIABLE] = writeLockedBy(self);
const files = taskFiles(folder, task);
const lines = await LineWriter.open(files.events);
const { science } = (await import(order.serves.scienceModule)) as { science: Science };
const gpus = order.gpus > 0 ? (await gpusHere()).slice(0, order.gpus) : [];
const { calls } = order.tasks[task]!;
const partly = calls.filter(
  ({ wanted: { gpus: cards, gpuMemory } }) => cards > 0 && (cards < 1 || gpuMemory !== undefined),
);
const share = partly.length > 1;
const mps =
  order.mps === true && share && gpus.length > 0
    ? await Mps.start(gpus, { ...process.env, ...order.environment }, (line) =>
        process.stderr.write(`${line}\n`),
      )
    : null;
const logs = path.join(folder, "logs", number);
const running = new Job(order, self, lines, science, { gpus, mps, logs });
const { node, memory } = here;
await lines.say({ type: "began", job, node, again, memory, gpus: gpus.length });
const ended = await running.run(calls, hidden);
process.exit(ended ? ExitCode.done : ExitCode.cellsFailed);
