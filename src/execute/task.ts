import type { Fingerprint } from "../base/fingerprint.js";
import type {
  Allocation,
  RunnerEvent,
  StageError,
  StageResult,
  StageTask,
  StopSignal,
  Surroundings,
  ToolchainPaths,
} from "../contract/runner.js";
import { removeFolder } from "../store/artifact.js";
import type { Store } from "../store/index.js";
import { isDiskError } from "../store/index.js";
import { PACE_METRIC, tokensPerSecond, type Usage, usageMetrics } from "../contract/usage.js";
import { ownSurroundings } from "../base/package.js";
import { Spent } from "./spent.js";
import type { TaskEnd, TaskOrder } from "./messages.js";

/** Receives the events of a task. */
export interface TaskReports {
  event(stage: Fingerprint, event: RunnerEvent): void;
  end(stage: Fingerprint, end: TaskEnd): void;
}

/** What a task is given to run with. */
interface TaskGiven {
  readonly resources: Allocation;
  readonly toolchain: ToolchainPaths;
  readonly stop: StopSignal;
  /** What is known of the parts of the toolchain. */
  readonly surroundings: Surroundings;
}

/** A stage in a worker: what its runner sees of it, and the keeping of how it ended. */
export class RunningTask {
  ended = false;
  readonly task: StageTask;
  readonly #spent: Spent;
  readonly #surroundings: Surroundings;
  readonly #oddities = new Set<string>();

  private constructor(
    private readonly order: TaskOrder,
    private readonly store: Store,
    private readonly reports: TaskReports,
    folders: { out: string; work: string },
    { surroundings, ...given }: TaskGiven,
  ) {
    const { record } = order;
    this.#surroundings = { ...ownSurroundings(), ...surroundings };
    this.#spent = new Spent(folders.work);
    // What earlier attempts paid counts for this one.
    const { usage } = this.#spent;
    if (usage !== null) reports.event(record.fingerprint, { type: "usage", ...usage });
    this.task = {
      fingerprint: record.fingerprint,
      label: record.label,
      params: record.params,
      execution: order.execution,
      inputs: Object.fromEntries(
        Object.entries(record.inputs).map(([name, input]) => [name, store.artifactFolder(input)]),
      ),
      files: order.files,
      ...folders,
      ...given,
      emit: (event) => this.#emit(event),
      publish: (result) => this.#publish(result),
      fail: (error) => this.fail(error),
    };
  }

  /** Makes the folders that the task is given. */
  static async open(
    order: TaskOrder,
    store: Store,
    reports: TaskReports,
    given: TaskGiven,
  ): Promise<RunningTask> {
    const { fingerprint } = order.record;
    const out = store.newStaging(fingerprint);
    const work = store.openWork(fingerprint);
    return new RunningTask(order, store, reports, { out, work }, given);
  }

  #emit(event: RunnerEvent): void {
    if (this.ended) return;
    if (event.type === "usage") this.#spent.pay(event);
    const sound =
      event.type === "metrics" ? { ...event, values: this.#finite(event.values) } : event;
    this.reports.event(this.order.record.fingerprint, sound);
  }

  /** JSON has no NaN and no infinity: they are left out, and said once a name. */
  #finite(values: { readonly [name: string]: number }): { [name: string]: number } {
    const kept: { [name: string]: number } = {};
    for (const [name, value] of Object.entries(values)) {
      if (Number.isFinite(value)) kept[name] = value;
      else if (!this.#oddities.has(name)) {
        this.#oddities.add(name);
        this.#emit({ type: "note", severity: "warning", message: `${name} became ${value}` });
      }
    }
    return kept;
  }

  async #publish(result: StageResult): Promise<void> {
    if (this.ended) throw new Error(`${this.order.record.label} ended already`);
    const { seconds, usage } = this.#spent;
    // What the runner counts itself stands above what it said on the way.
    const paid = usage === null ? {} : { ...usageMetrics(usage), ...paceOf(usage, seconds) };
    const sound = {
      ...result,
      metrics: this.#finite({ ...paid, ...result.metrics }),
      surroundings: this.#surroundings,
    };
    // Nothing may be written into the work folder while publishing removes it.
    this.#spent.close();
    try {
      await this.store.publish(this.task.out, this.order.record, sound, seconds);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      return this.fail({
        kind: "machine",
        class: "disk",
        message: `the artifact cannot be written: ${error.message}`,
      });
    }
    const witness = this.store.takeWitness(this.order.record.fingerprint);
    this.#end({
      ...{ how: "published", result: sound, seconds },
      ...(witness !== null && { witness }),
    });
  }

  /** Ends the task badly. */
  async fail(error: StageError): Promise<void> {
    if (this.ended) return;
    this.#spent.end();
    await removeFolder(this.task.out).catch(() => undefined);
    this.#end({ how: "failed", error, seconds: this.#spent.seconds });
  }

  /** Ends the task for this time; its work folder holds what is needed to go on. */
  async drained(): Promise<void> {
    if (this.ended) return;
    this.#spent.end();
    await removeFolder(this.task.out).catch(() => undefined);
    this.#end({ how: "drained" });
  }

  #end(end: TaskEnd): void {
    this.ended = true;
    this.reports.end(this.order.record.fingerprint, end);
  }
}

/** Tokens a second as a metric, where there were any. */
function paceOf(usage: Usage, seconds: number): { readonly [metric: string]: number } {
  const pace = tokensPerSecond(usage, seconds);
  return pace === null ? {} : { [PACE_METRIC]: pace };
}
