import { fork, type ChildProcess } from "node:child_process";
import { constants, setPriority } from "node:os";
import type { Fingerprint } from "../base/fingerprint.js";
import { packageFile } from "../base/package.js";
import type { ScienceStatistics } from "../contract/statistics.js";
import type { JournalEntry } from "../journal/events.js";
import type { EventSink, SweepState } from "../journal/index.js";
import type { EvidenceArguments, FinalStage } from "./evidence-process.js";

const PROGRAM = packageFile("dist/src/report/evidence-process.js");

/** So long a sweep that has ended waits for the cell at hand. */
const LONGEST_CELL_MILLISECONDS = 10_000;

/**
 * Puts the influences of cells into the store while their sweep runs, one cell at a time, in a process of its
 * own. The comparison at the end finds them there; worked out then, those of 288 cells with 190,000 test samples take 8 s.
 * What is missing then, also where the process has died, the comparison works out itself.
 */
export class EvidencePrecompute implements EventSink {
  #waiting: FinalStage[] = [];
  #child: ChildProcess | null = null;
  /** Resolves when the process is gone, or could not be started. */
  #gone: Promise<void> = Promise.resolve();
  /** What the process works on, until it has done it; then what it did last. */
  #last: FinalStage | null = null;
  #busy = false;
  #over = false;

  /**
   * @param finalStages the last stages of cells
   * @param tested see {@link ScienceStatistics.tested}
   */
  constructor(
    private readonly finalStages: ReadonlySet<Fingerprint>,
    private readonly tested: ScienceStatistics["tested"],
    private readonly serves: EvidenceArguments,
  ) {}

  hear({ event }: JournalEntry, state: SweepState): void {
    if (event.type === "sweep-finished") this.#end();
    if (this.#over || event.type !== "stage-finished" || !this.finalStages.has(event.stage)) return;
    const { record } = state.stages.get(event.stage)!;
    this.#waiting.push({ record, metrics: event.result.metrics });
    this.#next();
  }

  #next(): void {
    if (this.#busy || this.#waiting.length === 0) return;
    // Cells that were tested on the same samples follow each other: these are read once.
    const same = this.#waiting.findIndex((one) => this.#testedAlike(one));
    const [next] = this.#waiting.splice(Math.max(0, same), 1);
    this.#last = next!;
    this.#busy = true;
    this.#child ??= this.#start();
    // A process that is gone shows by its end.
    this.#child.send(next!, () => undefined);
  }

  #testedAlike({ record: { inputs } }: FinalStage): boolean {
    const last = this.#last?.record.inputs;
    return last !== undefined && this.tested.every((name) => inputs[name] === last[name]);
  }

  #start(): ChildProcess {
    const child = fork(PROGRAM, [JSON.stringify(this.serves)], {
      // A session of its own: a terminal's Ctrl-C reaches the sweep alone.
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.on("message", () => {
      this.#busy = false;
      this.#next();
    });
    this.#gone = new Promise((resolve) => {
      const gone = (): void => {
        this.#end();
        resolve();
      };
      child.on("error", gone);
      child.on("exit", gone);
    });
    try {
      // Training goes first.
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // It has ended already, or may not be changed.
    }
    return child;
  }

  /** Nothing more is worked out, but for the cell at hand. */
  #end(): void {
    this.#over = true;
    this.#waiting = [];
  }

  /** Ends the process: after the cell at hand, unless that takes long. */
  async close(): Promise<void> {
    this.#end();
    const child = this.#child;
    if (child?.connected === true) child.disconnect();
    const timer = setTimeout(() => child?.kill("SIGKILL"), LONGEST_CELL_MILLISECONDS);
    await this.#gone;
    clearTimeout(timer);
  }
}
