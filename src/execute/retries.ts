import type { Fingerprint } from "../base/fingerprint.js";
import type { FailureClass, StageError } from "../contract/runner.js";
import type { PlannedStage } from "../plan/index.js";
import { sharesCard } from "../plan/index.js";
import type { SpecFailures } from "../spec/index.js";

/** How a stage is tried again. */
export interface Retry {
  /** Seconds before the next try. */
  readonly wait: number;
  /** What the next try does differently, for people; null: nothing. */
  readonly changed: string | null;
  /** Most stages in one call; null: as before. */
  readonly groupLimit: number | null;
  /** The part of a card, 0 to 1, that its next call takes at least; null: as before. */
  readonly cardPart: number | null;
  /** Megabytes of the job of its next call; null: as before. */
  readonly jobMemory: number | null;
  /** What the journal keeps for later runs of the sweep: they would only fill the memory again. */
  readonly kept: {
    readonly tightened?: number;
    readonly groupLimit?: number;
    readonly cardPart?: number;
    readonly jobMemory?: number;
  };
}

/** What a cluster's job was given of its node's memory, in megabytes, and what the next one may ask for. */
export interface JobMemory {
  readonly given: number;
  /** The next one asks for so many times as much, */
  readonly factor: number;
  /** but not for more than this. */
  readonly most: number;
}

/** The next try of a stage whose card is out of order, which is no fault of its own. */
export const ON_ANOTHER_CARD: Retry = {
  ...{ wait: 0, changed: "on another GPU", groupLimit: null, cardPart: null },
  jobMemory: null,
  kept: {},
};

const LONGEST_WAIT = 300;
/** Failures that say nothing about how many stages shared the call. */
const NOT_BY_SIZE: ReadonlySet<FailureClass> = new Set(["network", "gpu"]);
/** Failures that come again in a group of the same size. */
const BY_SIZE: ReadonlySet<FailureClass> = new Set(["memory", "gpu_memory"]);

/** Whether and how stages that failed are tried again, by the class of their failures. */
export class Retries {
  readonly #tries = new Map<Fingerprint, Map<FailureClass, number>>();
  readonly #tightened = new Map<Fingerprint, number>();
  readonly #cardParts = new Map<Fingerprint, number>();

  constructor(
    private readonly settings: Pick<SpecFailures, "retries" | "wait">,
    private readonly cards: { readonly count: number; readonly cellsPerCard: number },
  ) {}

  /** Goes on from what an earlier run of the sweep came to. */
  recall(
    stage: Fingerprint,
    { tightened, cardPart }: { tightened: number | undefined; cardPart: number | undefined },
  ): void {
    if (tightened !== undefined) this.#tightened.set(stage, tightened);
    if (cardPart !== undefined) this.#cardParts.set(stage, cardPart);
  }

  /** How often the stage was told to need less of a card's memory. */
  tightened(stage: Fingerprint): number {
    return this.#tightened.get(stage) ?? 0;
  }

  /** The next try of a stage, or null: it has failed for good. `job`: null on one machine. */
  next(
    stage: PlannedStage,
    error: StageError,
    group: number,
    job: JobMemory | null = null,
  ): Retry | null {
    if (error.kind !== "machine") return null;
    const { fingerprint } = stage.record;
    const tries = this.#tries.get(fingerprint) ?? new Map<FailureClass, number>();
    const of = classAfter(tries, error.class ?? "other");
    const count = (tries.get(of) ?? 0) + 1;
    if (count > this.settings.retries[of]) return null;
    this.#tries.set(fingerprint, tries.set(of, count));
    const wait = Math.min(LONGEST_WAIT, this.settings.wait * 2 ** (count - 1));
    const changes = [
      this.#smallerGroup(group, of),
      of === "memory" && job !== null ? moreMemory(job) : null,
      ...(of === "gpu_memory"
        ? [this.#largerPart(stage), group > 1 ? null : this.#tighter(stage)]
        : []),
    ].filter((change) => change !== null);
    return {
      groupLimit: null,
      cardPart: null,
      jobMemory: null,
      ...Object.assign({}, ...changes.map(({ now }) => now)),
      // Where nothing changes, other stages and programs on the card may leave room later.
      wait: of === "gpu_memory" && changes.length > 0 ? 0 : wait,
      changed: changes.length === 0 ? null : changes.map(({ words }) => words).join(", "),
      kept: Object.assign({}, ...changes.map(({ kept }) => kept)) as Retry["kept"],
    };
  }

  #smallerGroup(group: number, of: FailureClass): Change | null {
    if (group === 1 || NOT_BY_SIZE.has(of)) return null;
    const groupLimit = Math.floor(group / 2);
    const stages = groupLimit === 1 ? "alone" : `in a group of at most ${groupLimit}`;
    const words = `${stages} (before: ${group} together)`;
    return { words, now: { groupLimit }, kept: BY_SIZE.has(of) ? { groupLimit } : {} };
  }

  /** Fewer groups beside it on its card: each process there needs memory of its own. */
  #largerPart(stage: PlannedStage): Change | null {
    const { count, cellsPerCard } = this.cards;
    const { fingerprint } = stage.record;
    const before = this.#cardParts.get(fingerprint) ?? 1 / cellsPerCard;
    if (count === 0 || before >= 1 || !sharesCard(stage)) return null;
    const cardPart = Math.min(1, 2 * before);
    this.#cardParts.set(fingerprint, cardPart);
    const words = cardPart === 1 ? "with a card to itself" : "beside fewer others on its card";
    return { words, now: { cardPart }, kept: { cardPart } };
  }

  #tighter({ record, runner, execution }: PlannedStage): Change | null {
    const tightened = this.tightened(record.fingerprint) + 1;
    const words = runner.tighten?.(record.params, execution, tightened) ?? null;
    if (words === null) return null;
    this.#tightened.set(record.fingerprint, tightened);
    return { words, now: {}, kept: { tightened } };
  }
}

/** One thing that the next try does differently. */
interface Change {
  readonly words: string;
  readonly now: Partial<Pick<Retry, "groupLimit" | "cardPart" | "jobMemory">>;
  readonly kept: Retry["kept"];
}

function moreMemory({ given, factor, most }: JobMemory): Change | null {
  const jobMemory = Math.min(Math.ceil(given * factor), most);
  if (jobMemory <= given) return null;
  const words = `with ${jobMemory} MB of memory (before: ${given} MB)`;
  return { words, now: { jobMemory }, kept: { jobMemory } };
}

/**
 * The class by which a failure is tried again. CUDA's libraries often crash where a card has no room
 * left for them. So a process that dies after its card was full is taken to have filled it again.
 */
const classAfter = (before: ReadonlyMap<FailureClass, number>, of: FailureClass): FailureClass =>
  of === "lost" && before.has("gpu_memory") ? "gpu_memory" : of;

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
