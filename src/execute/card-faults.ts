import type { StageError } from "../contract/runner.js";
import type { PlannedStage } from "../plan/index.js";
import type { CardOut } from "./card-health.js";
import type { Executor } from "./executor.js";
import type { ReadyStages } from "./ready.js";
import type { StageEvents } from "./stage-events.js";

/** Tells faults of cards from those of stages, and keeps stages from cards that they failed on. */
export class CardFaults {
  constructor(
    private readonly executor: Executor,
    private readonly ready: ReadyStages,
    private readonly events: StageEvents,
  ) {}

  /**
   * A stage has failed on cards.
   *
   * @returns the failure as it is to be seen, and whether it is a card's for certain
   */
  async judge(
    stage: PlannedStage,
    gpus: readonly number[],
    error: StageError,
  ): Promise<{ readonly error: StageError; readonly innocent: boolean }> {
    if (gpus.length === 0) return { error, innocent: false };
    const { fingerprint } = stage.record;
    const { out, innocent, avoid, also } = await this.executor.failed(fingerprint, gpus, error);
    await this.#tell(stage, out);
    if (avoid.size > 0) this.ready.avoid(fingerprint, avoid);
    if (innocent) return { error: { ...error, kind: "machine", class: "gpu" }, innocent };
    if (also.length === 0) return { error, innocent };
    const message = `${error.message} (on GPU ${[...also, ...gpus].join(" and ")} alike: this is the stage's own fault, or the driver's)`;
    return { error: { ...error, message }, innocent };
  }

  /** A stage has run on cards. */
  async worked(stage: PlannedStage, gpus: readonly number[]): Promise<void> {
    await this.#tell(stage, this.executor.worked(stage.record.fingerprint, gpus));
  }

  async #tell({ record }: PlannedStage, out: readonly CardOut[]): Promise<void> {
    for (const { gpu, why } of out) {
      const message = `GPU ${gpu} is used no more by this sweep: ${why}`;
      await this.events.warning(record.fingerprint, message);
    }
  }
}
