import type { Columns } from "../data/columns.js";
import type { Device } from "../device.js";
import { makeSession, type MakeOptions } from "../graph/make-session.js";
import type { Session } from "../graph/session.js";
import type { BuildModel, Model, ModelShape } from "../model.js";
import type { Rewrites } from "../rewrites/index.js";
import { AdamW } from "./adamw.js";
import type { EpochLayout, EpochSamples } from "./epoch-samples.js";
import { Scoring, type ScoringOptions } from "./scoring.js";
import { Snapshots, type Copy } from "./snapshots.js";
import type { Part, ReplicaState } from "./state.js";
import { Steps, type StepsOptions } from "./steps.js";
import { UnseenUsers } from "./unseen.js";

/** The settings of an {@link EpochTrainer}. */
export interface EpochTrainerOptions extends StepsOptions, ScoringOptions, MakeOptions {
  readonly device: Device;
  /** The rewrites that may be used, by default all. */
  readonly rewrites?: Rewrites;
  readonly shape: ModelShape;
  readonly buildModel: BuildModel;
  readonly columns: Columns;
  /** [U + 1]: whether the user has training samples. */
  readonly seenUsers: readonly boolean[];
  /** Whether all replicas are at the same optimizer step. */
  readonly sameStep: boolean;
}

/**
 * Trains R replicas of one model epoch by epoch, each epoch step by step; scores samples; keeps the
 * replicas' state and gives it back.
 */
export class EpochTrainer {
  private constructor(
    readonly model: Model,
    readonly optimizer: AdamW,
    readonly session: Session,
    readonly steps: Steps,
    private readonly scoring: Scoring,
    private readonly snapshots: Snapshots,
    private readonly unseen: UnseenUsers | null,
  ) {}

  static async create(options: EpochTrainerOptions): Promise<EpochTrainer> {
    const { replicas, shape, columns, sameStep } = options;
    const model = options.buildModel(
      shape,
      replicas.map(({ seed }) => seed),
      options.device,
      options.rewrites,
    );
    // XLA fuses the optimizer's single operations itself, and has no step in place.
    const kernel = model.rewrites.has("adam-kernel") && options.engine !== "eager" && !options.xla;
    const optimizer = new AdamW(model.parameters, replicas, { kernel, sameStep });
    const steps = new Steps(model, optimizer, columns, options);
    const scoring = new Scoring(model, columns, options);
    const snapshots = new Snapshots(changing(model, optimizer), replicas.length);
    const unseen = UnseenUsers.of(model, options.seenUsers);
    const functions = {
      ...steps.functions,
      ...scoring.functions,
      ...snapshots.functions,
      ...unseen?.functions,
    };
    const onFallback = (reason: string): void => {
      steps.takeWholeBatches();
      options.onFallback?.(reason);
    };
    const session = await makeSession(functions, { ...options, onFallback });
    return new EpochTrainer(model, optimizer, session, steps, scoring, snapshots, unseen);
  }

  /**
   * Back to the first step, for other seeds: from here on it trains as a new trainer of these seeds would,
   * without being traced and prepared again. Only where seeds decide nothing but the first values.
   */
  restart(seeds: readonly number[]): void {
    this.snapshots.begin(this.session, this.model.starting(seeds));
  }

  /** Optimizer steps of an epoch. */
  get stepsPerEpoch(): number {
    return this.steps.perEpoch;
  }

  /** How it takes an epoch's samples. */
  get layout(): EpochLayout {
    return this.steps.layout;
  }

  /** Whether it can train an epoch of these samples, see {@link Steps.hasRoom}. */
  hasRoom(samples: EpochSamples): boolean {
    return this.steps.hasRoom(samples);
  }

  /** Begins an epoch of these samples, which are laid out as {@link layout} says. */
  begin(samples: EpochSamples): void {
    this.steps.begin(this.session, samples);
  }

  /**
   * Optimizer steps of all replicas from the epoch's batch `index` on: as many as one call does.
   *
   * @returns how many
   */
  advance(index: number): number {
    return this.steps.advance(this.session, index);
  }

  /** Mean loss of each replica over the samples of the epoch, once all its steps are done. */
  losses(): number[] {
    return this.steps.losses(this.session);
  }

  /** Scores of all replicas for samples given by row, in [0, 1]; each [rows.length]. */
  score(rows: Int32Array): Float32Array[] {
    this.unseen?.fill(this.session);
    return this.scoring.score(this.session, rows);
  }

  /** Keeps the state of all replicas as it is now. */
  keep(): void {
    this.unseen?.fill(this.session);
    this.snapshots.keep(this.session);
  }

  /** What is kept becomes the best of the replicas given. */
  markBest(replicas: readonly number[]): void {
    this.snapshots.markBest(this.session, replicas);
  }

  /** Gives these replicas their best weights back, to score with them. Their training is over. */
  recallBest(replicas: readonly number[]): void {
    this.snapshots.recallBest(this.session, replicas);
  }

  /** One replica's state as kept, or its best weights. */
  copy(which: Copy, replica: number): ReplicaState {
    return this.snapshots.read(this.session, which, replica);
  }

  /** All that a replica needs to go on: its state as kept, and its best weights. */
  held(replica: number): { readonly state: ReplicaState; readonly best: ReplicaState } {
    return { state: this.copy("kept", replica), best: this.copy("best", replica) };
  }

  /** Puts states and best weights back, one of each a replica, null for what stays as it is. */
  restore(states: readonly (ReplicaState | null)[], best: readonly (ReplicaState | null)[]): void {
    this.snapshots.restore(this.session, states, best);
  }

  /** Trainable numbers of one replica. */
  get parameterCount(): number {
    return this.model.parameters.reduce(
      (sum, { variable }) => sum + variable.size / this.model.replicas,
      0,
    );
  }

  dispose(): void {
    this.session.dispose();
    this.steps.dispose();
    this.scoring.dispose();
    this.snapshots.dispose();
    this.unseen?.dispose();
    this.optimizer.dispose();
    this.model.dispose();
  }
}

/** Everything that training changes. */
function changing({ parameters, state }: Model, { slots, step }: AdamW): Part[] {
  return [
    ...parameters.map(({ name, variable }) => ({ name: `parameter/${name}`, variable })),
    ...state.map(({ name, variable }) => ({ name: `state/${name}`, variable })),
    ...slots.flatMap(({ parameter, first, second }) => [
      { name: `first/${parameter.name}`, variable: first },
      { name: `second/${parameter.name}`, variable: second },
    ]),
    { name: "step", variable: step },
  ];
}
