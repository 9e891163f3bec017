import os from "node:os";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { StageState, SweepState } from "../journal/index.js";
import { listSweeps, readSweep } from "../journal/index.js";
import { JOURNAL_FILE } from "../journal/read.js";
import { Learned } from "./learned.js";

/** Measurements of a sweep count so much less than those of the next newer one. */
const OLDER = 0.8;
/** Journals are read, the newest first, up to so many bytes in all: reading them takes about a second. */
const MOST_BYTES = 64 << 20;
/** Sweeps before the last so many have no weight to speak of. */
const MOST_SWEEPS = 20;

/**
 * What the journals of a store say of the costs of stages on this machine.
 *
 * @param host as sweeps name the machine; default: this one
 */
export async function learnFrom(store: string, host = os.hostname()): Promise<Learned> {
  const learned = new Learned();
  let bytes = 0;
  let weight = 1;
  for (const { folder } of (await listSweeps(store)).slice(0, MOST_SWEEPS)) {
    bytes += (await stat(path.join(folder, JOURNAL_FILE)).catch(() => null))?.size ?? 0;
    if (bytes > MOST_BYTES) break;
    const { state } = await readSweep(folder);
    if (state === null || state.host !== host) continue;
    learnSweep(learned, state, weight);
    weight *= OLDER;
  }
  return learned;
}

/** Takes over what a sweep measured. */
export function learnSweep(learned: Learned, state: SweepState, weight: number): void {
  for (const stage of state.stages.values()) learnStage(learned, stage, weight);
}

/**
 * Takes over what a stage measured that this sweep made: nothing of one that was tried again, whose
 * seconds count failed tries. A stage of a group counts with its share of the group's time.
 */
export function learnStage(learned: Learned, stage: StageState, weight: number): void {
  const { prior, record, result, seconds, fusedWith, retries, usage } = stage;
  if (stage.status !== "done" || prior === null || result === null || retries.length > 0) return;
  const subject = { runner: record.runner, kinds: prior.kinds, onCard: stage.gpus.length > 0 };
  // Where answers were there from before, the stage paid for a part of them alone.
  const paid = usage?.requests ?? 0;
  const kept = result.metrics["cost.kept"] ?? 0;
  if (kept > 0 && paid === 0) return;
  const whole = kept > 0 ? (paid + kept) / paid : 1;
  learned.add(subject, "seconds", (whole * seconds) / fusedWith / prior.seconds, weight);
  for (const quantity of ["promptTokens", "completionTokens"] as const) {
    const measured = usage?.[quantity] ?? 0;
    learned.add(subject, quantity, (whole * measured) / prior[quantity], weight);
  }
}
