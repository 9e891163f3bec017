import pLimit from "p-limit";
import type { Store } from "../store/index.js";
import type { Run } from "./answers.js";
import { AGAIN, Delivery } from "./deliver.js";
import { isOfDeleted, MlflowFailure } from "./failure.js";
import type { FinderOptions } from "./find-run.js";
import { RunFinder } from "./find-run.js";
import { differenceOf, isLevel, namesOf } from "./level.js";
import type { RunKey, RunUpdate } from "./update.js";
import { cleanText } from "./values.js";
import { wantedOf } from "./wanted.js";

/** Something that MLflow does not have as the journal has it, and why. */
export interface Problem {
  readonly key: RunKey;
  readonly message: string;
  /** False where MLflow has all that it can take: only people need to know. */
  readonly differs: boolean;
}

export interface SenderOptions extends FinderOptions {
  readonly artifacts: Store;
  readonly problem: (problem: Problem) => void;
  /** Called after every request that succeeded. */
  readonly progress: () => void;
}

/** Sends updates to MLflow's runs. Sending an update twice does no harm. */
export class Sender {
  readonly runs: RunFinder;
  readonly #gone = new Set<RunKey>();
  /** MLflow cannot take one data set for two runs at once. */
  readonly #oneAtATime = pLimit(1);

  constructor(private readonly options: SenderOptions) {
    this.runs = new RunFinder(options);
  }

  /**
   * Sends updates: sweep and stages one after another, cells four at a time. `done` hears of each.
   *
   * @param look nothing is sent at first: each run is compared with its whole update, to the last
   * point of each curve, and told what it lacks
   */
  async sendAll(
    updates: readonly RunUpdate[],
    done: (update: RunUpdate) => void,
    look = false,
  ): Promise<void> {
    for (const update of updates.filter(({ key }) => !key.startsWith("cell:"))) {
      await this.#send(update, look);
      done(update);
    }
    const limit = pLimit(4);
    const cells = new Map<RunKey, RunUpdate[]>();
    for (const update of updates) {
      if (!update.key.startsWith("cell:")) continue;
      const same = cells.get(update.key);
      if (same === undefined) cells.set(update.key, [update]);
      else same.push(update);
    }
    const outcomes = await Promise.allSettled(
      [...cells.values()].map((ofOne) =>
        limit(async () => {
          for (const update of ofOne) {
            await this.#send(update, look);
            done(update);
          }
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #send(update: RunUpdate, look: boolean): Promise<void> {
    if (this.#gone.has(update.key)) return;
    try {
      await this.#tell(update, look);
    } catch (error) {
      if (!(error instanceof MlflowFailure)) throw error;
      if (error.kind === "missing" || isOfDeleted(error)) {
        this.#gone.add(update.key);
        this.#problem(update, "its run was deleted in MLflow; `r4ec sync` makes the run again");
      } else if (error.kind === "refused") this.#problem(update, error.message);
      else throw error;
    }
  }

  async #tell(update: RunUpdate, look: boolean): Promise<void> {
    const { client, progress } = this.options;
    const { run, isNew } = await this.runs.ensure(update);
    if (!isNew && isOthers(update, run, look)) return;
    if (!look && !isNew && update.status?.status === "RUNNING" && run.status !== "RUNNING") {
      await client.setStatus(run.id, "RUNNING", null);
    }
    for (const [key, value] of update.experimentTags) {
      await client.setExperimentTag(run.experimentId, { key, value: cleanText(value) });
      progress();
    }
    const { wanted, damage } = await this.#wantedOf(update, run, look);
    if (damage !== null) this.#problem(update, damage);
    const problem = (message: string, differs = true): void =>
      this.#problem(update, message, differs);
    const delivery = new Delivery({ client, run, problem, progress, alone: this.#oneAtATime });
    if (!look) {
      const there = { ...wanted, goneTags: wanted.goneTags.filter((key) => run.tags.has(key)) };
      await delivery.send(isNew ? { ...wanted, goneTags: [] } : there);
    }
    // MLflow, or what stands before it, may drop what was sent and say that all is well: look, send
    // what is missing once more, look again.
    for (let attempt = look ? 0 : 1; ; attempt += 1) {
      const missing = await differenceOf(client, run.id, wanted, look);
      progress();
      const rest = delivery.withoutRefused(missing);
      if (isLevel(rest)) {
        for (const { key, value } of missing.covered)
          problem(
            `${key}: MLflow shows ${value}, which was logged there by somebody else; ${AGAIN}`,
          );
        return;
      }
      if (attempt === 2) {
        problem(`MLflow reported success but did not store: ${namesOf(rest)}`);
        return;
      }
      await delivery.sendOneByOne(rest);
    }
  }

  async #wantedOf(update: RunUpdate, run: Run, look: boolean): ReturnType<typeof wantedOf> {
    const { ledger, artifacts } = this.options;
    const { wanted, damage } = await wantedOf(update, run, ledger.runs, artifacts);
    if (!look) return { wanted, damage };
    const tags = [...this.runs.placeOf(update, run), ...wanted.batch.tags];
    return { wanted: { ...wanted, batch: { ...wanted.batch, tags } }, damage };
  }

  #problem({ key, name }: RunUpdate, message: string, differs = true): void {
    this.options.problem({ key, message: `${name}: ${message}`, differs });
  }
}

/** True for the run of a shared stage that another sweep has told of something since. */
function isOthers(update: RunUpdate, run: Run, look: boolean): boolean {
  if (run.status !== "FINISHED") return false;
  if (update.onlyUnfinished) return true;
  const ended = update.status?.endTime ?? null;
  const later = ended !== null && run.endTime !== null && run.endTime > ended;
  return look && later && update.key.startsWith("stage:");
}
