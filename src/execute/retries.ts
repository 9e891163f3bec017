import type { Fingerprint } from "../base/fingerprint.js";
import type { FailureClass, StageError } from "../contract/runner.js";
import type { PlannedStage } from "../plan/index.js";
import type { SpecFailures } from "../spec/index.js";

/** How a stage is tried again. */
export interface Retry {
  /** Seconds before the next try. */
  readonly wait: number;
  /** What the next try does differently, for people; null: nothing. */
  readonly changed: string | null;
  /** Most stages in one call; null: as before. */
  readonly groupLimit: number | null;
  /** What the journal keeps for later runs of the sweep: they would only fill the memory again. */
  readonly kept: { readonly tightened?: number; readonly groupLimit?: number };
}

const LONGEST_WAIT = 300;
/** Failures that say nothing about how many stages shared the call. */
const NOT_BY_SIZE: ReadonlySet<FailureClass> = new Set(["network"]);
/** Failures that come again in a group of the same size. */
const BY_SIZE: ReadonlySet<FailureClass> = new Set(["memory", "gpu_memory"]);

/** Whether and how stages that failed are tried again, by the class of their failures. */
export class Retries {
  readonly #tries = new Map<Fingerprint, Map<FailureClass, number>>();
  readonly #tightened = new Map<Fingerprint, number>();

  constructor(private readonly settings: Pick<SpecFailures, "retries" | "wait">) {}

  /** Goes on from what an earlier run of the sweep came to. */
  recall(stage: Fingerprint, tightened: number): void {
    this.#tightened.set(stage, tightened);
  }

  /** How often the stage was told to need less of a card's memory. */
  tightened(stage: Fingerprint): number {
    return this.#tightened.get(stage) ?? 0;
  }

  /** The next try of a stage, or null: it has failed for good. */
  next(
    { record, runner, execution }: PlannedStage,
    error: StageError,
    group: number,
  ): Retry | null {
    if (error.kind !== "machine") return null;
    const { fingerprint, params } = record;
    const of = error.class ?? "other";
    const tries = this.#tries.get(fingerprint) ?? new Map<FailureClass, number>();
    const count = (tries.get(of) ?? 0) + 1;
    if (count > this.settings.retries[of]) return null;
    this.#tries.set(fingerprint, tries.set(of, count));
    const wait = Math.min(LONGEST_WAIT, this.settings.wait * 2 ** (count - 1));
    if (group > 1 && !NOT_BY_SIZE.has(of)) {
      const groupLimit = Math.floor(group / 2);
      const stages = groupLimit === 1 ? "alone" : `in a group of at most ${groupLimit}`;
      const changed = `${stages} (before: ${group} together)`;
      const kept = BY_SIZE.has(of) ? { groupLimit } : {};
      return { wait: of === "gpu_memory" ? 0 : wait, changed, groupLimit, kept };
    }
    const asBefore = { wait, changed: null, groupLimit: null, kept: {} };
    if (of !== "gpu_memory") return asBefore;
    const times = this.tightened(fingerprint) + 1;
    const changed = runner.tighten?.(params, execution, times) ?? null;
    // Other stages on the card may leave room later.
    if (changed === null) return asBefore;
    this.#tightened.set(fingerprint, times);
    return { wait: 0, changed, groupLimit: null, kept: { tightened: times } };
  }
}

/** Times that end early when the sweep does. */
export class Pauses {
  readonly #open = new Set<() => void>();
  #over = false;

  /** Resolves after so many seconds, or when {@link end} is called. */
  wait(seconds: number): Promise<void> {
    if (this.#over || seconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#open.delete(done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      this.#open.add(done);
    });
  }

  /** Ends all pauses, also those that are asked for later. */
  end(): void {
    this.#over = true;
    for (const done of this.#open) done();
  }
}
