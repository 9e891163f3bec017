import type { Background } from "./background.js";
import type { Cell } from "./cell.js";
import { writeCheckpoint } from "./checkpoint.js";
import type { EpochTrainer } from "./epoch.js";

/** The assumed speed of writing a checkpoint, in bytes per second, until one has been written. */
const reckonedRate = 5e8;

/**
 * The checkpoints of a run's cells, written beside training. The next one waits until writing the last has
 * taken no more than a twentieth of the time: that matters for many large replicas on a fast card.
 */
export class Checkpoints {
  /** When the next one is due, on performance.now()'s clock. */
  #due: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly trainer: EpochTrainer,
    /** One a replica of the trainer. */
    private readonly cells: readonly Cell[],
    private readonly background: Background,
  ) {
    // Parameters, two moments, and the best parameters.
    const bytes = 16 * trainer.parameterCount * cells.length;
    this.#due = dueAfter(bytes / reckonedRate);
  }

  get due(): boolean {
    return performance.now() >= this.#due;
  }

  /** Waits until nothing is being written; rejects where the last one could not be written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Saves those of the given cells that have come further since they were saved. */
  save(open: Iterable<Cell>): void {
    const started = performance.now();
    const checkpoints = [...open]
      .filter((cell) => cell.saved !== cell.progress)
      .map((cell) => ({
        cell,
        progress: cell.progress,
        ...this.trainer.held(this.cells.indexOf(cell)),
      }));
    this.#due = Infinity;
    this.#writing = (async () => {
      for (const { cell, ...checkpoint } of checkpoints) {
        await writeCheckpoint(cell.task.work, checkpoint);
        cell.saved = checkpoint.progress;
      }
      this.#due = dueAfter((performance.now() - started) / 1000);
    })();
    this.background.add(this.#writing);
  }
}

/** When a checkpoint may be written next, after one that took `seconds`. */
const dueAfter = (seconds: number): number => performance.now() + 20 * 1000 * seconds;
