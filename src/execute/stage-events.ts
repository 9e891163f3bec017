import type { Fingerprint } from "../base/fingerprint.js";
import type { RunnerEvent, StageError, KeptResult } from "../contract/runner.js";
import type { Forecast } from "../forecast/index.js";
import type { JournalWriter, StageJob } from "../journal/index.js";
import type { LiveKeeper } from "./live.js";
import type { Retry } from "./retries.js";

type Written = Promise<unknown>;

/** What the journal is told about one stage; each call resolves when the event is on disk. */
export class StageEvents {
  constructor(
    private readonly journal: JournalWriter,
    private readonly live: LiveKeeper,
    private readonly forecast: Forecast,
  ) {}

  /** `fusedWith` counts the stages of the call, this one included. */
  started(
    stage: Fingerprint,
    call: {
      readonly job?: StageJob;
      readonly worker: number;
      readonly gpus: readonly number[];
      readonly fusedWith: number;
    },
  ): Written {
    const before = this.journal.state?.stages.get(stage)?.attempts ?? 0;
    const prior = this.forecast.prior(stage);
    return this.journal.append({
      type: "stage-started",
      stage,
      attempt: before + 1,
      ...call,
      prior,
    });
  }

  cached(stage: Fingerprint, result: KeptResult): Written {
    return this.journal.append({ type: "stage-cached", stage, result });
  }

  finished(stage: Fingerprint, seconds: number, result: KeptResult): Written {
    return this.journal.append({ type: "stage-finished", stage, seconds, result });
  }

  /** `inRun`: this run of the sweep continues it. */
  interrupted(stage: Fingerprint, inRun = false): Written {
    return this.journal.append({ type: "stage-interrupted", stage, ...(inRun && { inRun }) });
  }

  retried(stage: Fingerprint, seconds: number, error: StageError, retry: Retry): Written {
    const { wait, changed, kept } = retry;
    const event = { type: "stage-retried", stage, seconds, error, wait, changed, ...kept } as const;
    return this.journal.append(event);
  }

  failed(stage: Fingerprint, seconds: number, error: StageError): Written {
    return this.journal.append({ type: "stage-failed", stage, seconds, error });
  }

  skipped(stage: Fingerprint, because: Fingerprint): Written {
    return this.journal.append({ type: "stage-skipped", stage, because });
  }

  /** Something that the user should know about the stage. */
  warning(stage: Fingerprint, message: string): Written {
    return this.journal.append({ type: "stage-note", stage, severity: "warning", message });
  }

  /** What the runner reported. Of its progress and payments only some is kept, later: null. */
  reported(stage: Fingerprint, event: RunnerEvent): Written | null {
    switch (event.type) {
      case "progress":
      case "usage":
        this.live.report(stage, event);
        return null;
      case "metrics":
        return this.journal.append({ ...event, type: "stage-metrics", stage });
      case "note":
        return this.journal.append({ ...event, type: "stage-note", stage });
      case "facts":
        return this.journal.append({ ...event, type: "stage-facts", stage });
    }
  }
}
