import type { Fingerprint } from "../base/fingerprint.js";
import type { FailureClass, ReadyToolchain, RunnerEvent } from "../contract/runner.js";
import type { Place } from "./executor.js";
import { overError, startTimer, withLog } from "./failure.js";
import type { TaskEnd } from "./messages.js";
import type { Prepared, RunnableStage } from "./prepare.js";

/** How a group is run. */
export interface GroupRun<S extends RunnableStage> {
  readonly toolchain: ReadyToolchain;
  /** How often its stages were told to need less of a card's memory. */
  readonly tightened: number;
  /** Seconds that the call may take; undefined: as long as it likes. */
  readonly limit: number | undefined;
  readonly classify: (words: string) => FailureClass | null;
  /** Whether the sweep is being stopped: a process that goes then has not failed. */
  readonly stopping: () => boolean;
  readonly event: (stage: Fingerprint, event: RunnerEvent) => void;
  /** Called once for each stage. */
  readonly ended: (one: Prepared<S>, end: TaskEnd) => void;
}

/**
 * Runs stages by one call of their runner. Stages that have not ended when the call is over have failed,
 * or are interrupted where the sweep is being stopped. Resolves when the call is over.
 */
export function runGroup<S extends RunnableStage>(
  prepared: readonly Prepared<S>[],
  place: Place,
  { toolchain, tightened, limit, classify, stopping, event, ended }: GroupRun<S>,
): Promise<void> {
  const open = new Map(prepared.map((one) => [one.stage.record.fingerprint, one]));
  const started = performance.now();
  const { runner } = prepared[0]!.stage.record;
  const tasks = prepared.map(({ stage: { record, execution, files } }) => ({
    record,
    execution,
    files,
  }));
  return new Promise((resolve) => {
    let late = false;
    let timer: ReturnType<typeof startTimer> | undefined;
    const listener = {
      told: () => {
        if (limit === undefined) return;
        timer = startTimer(limit, () => {
          late = true;
          call.kill();
        });
      },
      event,
      end: (fingerprint: Fingerprint, end: TaskEnd) => {
        const one = open.get(fingerprint);
        if (one === undefined) return;
        open.delete(fingerprint);
        ended(one, withLog(end, call));
      },
      over: (lost: Parameters<typeof overError>[1]) => {
        clearTimeout(timer);
        const seconds = Math.round(performance.now() - started) / 1000;
        const error = overError(runner, lost, {
          late: late ? limit! : null,
          log: call.log,
          classify,
        });
        const end: TaskEnd =
          lost !== null && stopping() ? { how: "drained" } : { how: "failed", error, seconds };
        for (const one of open.values()) ended(one, end);
        resolve();
      },
    };
    const call = place.run({ runner, tasks, toolchain }, listener, tightened);
  });
}
