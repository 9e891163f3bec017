import type { Fingerprint } from "../base/fingerprint.js";
import type { StageEstimate } from "../contract/runner.js";
import type { StagePrior } from "../journal/events.js";
import type { StageState, SweepState, TimeLeft } from "../journal/index.js";
import { callOf } from "../journal/index.js";
import type { Plan, PlannedStage } from "../plan/index.js";
import { sharesCard } from "../plan/index.js";
import { learnStage } from "./history.js";
import type { Learned, Quantity, Subject } from "./learned.js";
import { longestFirst } from "./longest-first.js";
import type { Capacity, Task } from "./schedule.js";
import { playThrough } from "./schedule.js";

/** What a stage will take. */
export interface StageCost {
  readonly seconds: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly gpuHours: number;
  /** US dollars. */
  readonly usd: number;
  /** Whether the seconds rest on a measurement of the runner's stages. */
  readonly measured: boolean;
}

/** How far a running stage is, by its own account. */
export interface Account {
  /** The part of it that is done, 0 to 1. */
  readonly part: number;
  /** Seconds that the whole of it takes at its present pace, and that it still needs; null: not known yet. */
  readonly whole: number | null;
  readonly left: number | null;
}

/** From this part on, what a running stage says of itself counts for other stages of its kind. */
const TELLING = 0.03;
/** A stage that takes longer than was expected is taken to go on for this part of its time. */
const OVERDUE = 0.05;

/** What is reckoned of a stage whose runner reckons nothing: its measured factor is then its seconds. */
const UNRECKONED: StagePrior = { seconds: 1, promptTokens: 0, completionTokens: 0, kinds: [] };
/** No stage is reckoned shorter, since a process has to be told of it and to write files. */
const SHORTEST = 0.1;

/** What a plan's stages will take, and how long the plan's sweep still needs. */
export class Forecast {
  constructor(
    private readonly options: {
      readonly plan: Plan;
      /** See reckonPlan. */
      readonly reckoned: ReadonlyMap<Fingerprint, StageEstimate | null>;
      /** Changes with the stages that finish. */
      readonly learned: Learned;
      readonly capacity: Capacity;
      /** Megabytes of memory that the smallest card has. Left out: not known. */
      readonly cardMemory?: number | undefined;
      /** How many last stages of cells share one card. */
      readonly cellsPerCard: number;
    },
  ) {}

  /** What is reckoned of a stage before anything is measured. */
  prior(stage: Fingerprint): StagePrior {
    const reckoned = this.options.reckoned.get(stage) ?? null;
    if (reckoned === null) return UNRECKONED;
    const { seconds, promptTokens, completionTokens, kinds } = reckoned;
    const least = Math.max(SHORTEST, seconds);
    return { seconds: least, promptTokens, completionTokens, kinds: kinds ?? [] };
  }

  /** How much a stage's artifact holds or will hold, by name. */
  sizes(stage: Fingerprint): StageEstimate["sizes"] {
    return this.options.reckoned.get(stage)?.sizes ?? {};
  }

  /** What is not known and would be reckoned with, a sentence each. */
  get unknown(): readonly string[] {
    const found = [...this.options.reckoned.values()].flatMap((one) => one?.unknown ?? []);
    return [...new Set(found)];
  }

  /** What a stage will take; null where nothing is known of its runner. */
  cost(stage: Fingerprint, learned = this.options.learned): StageCost | null {
    const prior = this.prior(stage);
    const subject = this.#subject(this.options.plan.stages.get(stage)!, prior);
    const time = learned.factor(subject, "seconds");
    const reckoned = this.options.reckoned.get(stage) ?? null;
    if (reckoned === null && !time.measured) return null;
    const tokens = (quantity: Exclude<Quantity, "seconds">): number =>
      prior[quantity] * learned.factor(subject, quantity).factor;
    const promptTokens = tokens("promptTokens");
    const completionTokens = tokens("completionTokens");
    const { read = 0, written = 0 } = reckoned?.prices ?? {};
    const onCard = subject.onCard && time.measured ? time.factor : 1;
    return {
      seconds: prior.seconds * time.factor,
      promptTokens,
      completionTokens,
      gpuHours: (reckoned?.gpuHours ?? 0) * onCard,
      usd: (promptTokens * read + completionTokens * written) / 1e6,
      measured: time.measured,
    };
  }

  /**
   * Seconds that a stage will take, by what is known now; null: not known. What is learned later counts for
   * none of them: so they can be set side by side, whenever each is asked for.
   */
  expectation(): (stage: Fingerprint) => number | null {
    const learned = this.options.learned.copy();
    return (stage) => this.cost(stage, learned)?.seconds ?? null;
  }

  #subject({ record, runner, execution }: PlannedStage, { kinds }: StagePrior): Subject {
    const wantsCard = runner.resources(record.params, execution).gpus > 0;
    return { runner: record.runner, kinds, onCard: wantsCard && this.options.capacity.cards > 0 };
  }

  /** A stage of the sweep has finished: what it took counts for those that follow. */
  learn(stage: StageState): void {
    learnStage(this.options.learned, stage, 1);
  }

  /** Seconds from the beginning to the end of a sweep that has these stages to run; null: not known. */
  secondsOf(stages: Iterable<Fingerprint>): TimeLeft | null {
    const tasks = [...stages].map((stage) => this.#waiting(stage, this.options.learned));
    return this.#played(tasks);
  }

  /**
   * The time left of a sweep, and of each of its running stages.
   *
   * @param toRun the stages that this run set out to run
   * @param accounts of running stages, at `now`
   * @param now milliseconds since 1970
   */
  left(
    state: SweepState,
    toRun: ReadonlySet<Fingerprint>,
    accounts: ReadonlyMap<Fingerprint, Account>,
    now: number,
  ): { readonly left: TimeLeft | null; readonly stages: ReadonlyMap<Fingerprint, number> } {
    const learned = this.#learnedWith(state, accounts);
    const groups = new Map<string, StageState[]>();
    const tasks: (Expected | null)[] = [];
    for (const fingerprint of toRun) {
      const stage = state.stages.get(fingerprint)!;
      const status = stage.run === state.runs ? stage.status : "waiting";
      if (status === "running") {
        const group = groups.get(callOf(stage));
        if (group === undefined) groups.set(callOf(stage), [stage]);
        else group.push(stage);
      } else if (status === "waiting" || status === "interrupted") {
        tasks.push(this.#waiting(fingerprint, learned));
      }
    }
    const stages = new Map<Fingerprint, number>();
    for (const group of groups.values()) {
      const task = this.#running(group, accounts, learned, now);
      tasks.push(task);
      if (task === null) continue;
      for (const { record } of group) stages.set(record.fingerprint, task.seconds);
    }
    return { left: this.#played(tasks), stages };
  }

  /** What was measured, and what the running stages say of themselves. */
  #learnedWith(state: SweepState, accounts: ReadonlyMap<Fingerprint, Account>): Learned {
    const learned = this.options.learned.copy();
    for (const [fingerprint, { part, whole }] of accounts) {
      const stage = state.stages.get(fingerprint);
      if (stage === undefined || whole === null || part < TELLING) continue;
      const prior = this.prior(fingerprint);
      const subject = this.#subject(this.options.plan.stages.get(fingerprint)!, prior);
      const ratio = whole / stage.fusedWith / prior.seconds;
      learned.add(subject, "seconds", ratio, part / stage.fusedWith);
    }
    return learned;
  }

  #waiting(fingerprint: Fingerprint, learned: Learned): Expected | null {
    const stage = this.options.plan.stages.get(fingerprint)!;
    const cost = this.cost(fingerprint, learned);
    if (cost === null) return null;
    const { seconds, measured } = cost;
    return {
      id: fingerprint,
      seconds,
      measured,
      running: false,
      ...this.#room(stage),
      needs: stage.needs,
    };
  }

  /** The stages of one call, as one task: it ends with the last of them. */
  #running(
    group: readonly StageState[],
    accounts: ReadonlyMap<Fingerprint, Account>,
    learned: Learned,
    now: number,
  ): Expected | null {
    const { record, startedAt, fusedWith } = group[0]!;
    const spent = Math.max(0, now - (startedAt ?? now)) / 1000;
    const costs = group.map((stage) => this.cost(stage.record.fingerprint, learned));
    const told = group.flatMap((stage) => accounts.get(stage.record.fingerprint) ?? []);
    const known = costs.filter((cost) => cost !== null);
    const expected =
      known.length === 0
        ? null
        : (fusedWith * known.reduce((sum, { seconds }) => sum + seconds, 0)) / known.length;
    const seconds = leftOf(expected, told, spent);
    if (seconds === null) return null;
    const stage = this.options.plan.stages.get(record.fingerprint)!;
    const measured = told.length > 0 || known.every((cost) => cost.measured);
    return {
      id: record.fingerprint,
      seconds,
      measured,
      running: true,
      ...this.#room(stage),
      needs: [],
    };
  }

  /** What a stage occupies, as the scheduler places it. */
  #room(stage: PlannedStage): Pick<Expected, "cpus" | "cards" | "shares"> {
    const { record, runner, execution } = stage;
    const { cpus, gpus, gpuMemory } = runner.resources(record.params, execution);
    const { capacity, cardMemory, cellsPerCard } = this.options;
    if (capacity.cards === 0 || gpus === 0) return { cpus, cards: 0, shares: false };
    if (sharesCard(stage)) return { cpus, cards: 1 / cellsPerCard, shares: true };
    if (gpuMemory === undefined) return { cpus, cards: gpus, shares: false };
    // As many as fit on one card: nobody's part lies on two.
    const besides = Math.floor((cardMemory ?? gpuMemory) / gpuMemory);
    return { cpus, cards: 1 / Math.max(1, besides), shares: false };
  }

  #played(tasks: readonly (Expected | null)[]): TimeLeft | null {
    const known = tasks.filter((task) => task !== null);
    if (known.length < tasks.length) return null;
    let all = 0;
    let sure = 0;
    for (const { seconds, measured } of known) {
      all += seconds;
      if (measured) sure += seconds;
    }
    // The scheduler lets those that share cards start in this order too.
    const order = longestFirst(known, ({ shares, seconds }) => (shares ? seconds : undefined));
    return { seconds: playThrough(order, this.options.capacity), measured: sure >= all / 2 };
  }
}

interface Expected extends Task {
  readonly measured: boolean;
  /** Whether it takes a part of a card, beside others. */
  readonly shares: boolean;
}

/**
 * Seconds that a call still needs: at first as its kind is expected to take, then more and more as
 * its own progress tells; null where there is neither.
 *
 * @param spent seconds since it began
 */
function leftOf(expected: number | null, told: readonly Account[], spent: number): number | null {
  // The call ends with the one that is least far.
  const slowest = told.reduce<Account | null>(
    (least, each) => (least === null || each.part < least.part ? each : least),
    null,
  );
  if (slowest === null) {
    return expected === null ? null : Math.max(expected - spent, OVERDUE * spent);
  }
  const { part, left } = slowest;
  const byKind = expected === null ? null : expected * (1 - part);
  if (left === null && byKind === null) return null;
  const trust = left === null ? 0 : byKind === null ? 1 : Math.min(1, 1.5 * part);
  const found = (1 - trust) * (byKind ?? 0) + trust * (left ?? 0);
  return Math.max(found, OVERDUE * spent * (1 - part));
}
