import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import { decodeSafetensors, encodeSafetensors } from "../../../base/files/safetensors.js";
import { ReplicaState, type StateTensor } from "./state.js";

/** The progress of a replica after an epoch: numbers and curves so far. */
export interface Progress {
  /** Epochs done. */
  readonly epochs: number;
  /** The number of the best epoch, from 1; 0 before an epoch had an AUC. */
  readonly bestEpoch: number;
  readonly bestAuc: number;
  /** One row for each epoch, as in curves.jsonl. */
  readonly curves: readonly { readonly [name: string]: number }[];
  /** Seconds spent in training steps, and samples passed in them. */
  readonly trainSeconds: number;
  readonly trainSamples: number;
}

/** A replica's checkpoint: its present state, the best one, and its progress. */
export interface Checkpoint {
  readonly progress: Progress;
  readonly state: ReplicaState;
  readonly best: ReplicaState;
}

const file = "checkpoint.safetensors";
const format = "r4ec-ctr-checkpoint-1";

/**
 * Writes a checkpoint into the folder: beside the old one, synced, then renamed over it, so that a
 * kill leaves one or the other whole.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const tensors = new Map<string, StateTensor>();
  for (const [name, tensor] of checkpoint.state.tensors) tensors.set(`now/${name}`, tensor);
  for (const [name, tensor] of checkpoint.best.tensors) tensors.set(`best/${name}`, tensor);
  const metadata = { format, progress: JSON.stringify(checkpoint.progress) };
  const path = join(folder, file);
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(encodeSafetensors(tensors, metadata));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  const parent = await open(folder, "r");
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

/** The folder's checkpoint; null where there is none, "unreadable" where it is no checkpoint. */
export async function readCheckpoint(folder: string): Promise<Checkpoint | null | "unreadable"> {
  await rm(join(folder, `${file}.tmp`), { force: true });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(folder, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const decoded = decodeSafetensors(bytes);
  if (!decoded.ok || decoded.value.metadata["format"] !== format) return "unreadable";
  const all = new ReplicaState(decoded.value.tensors);
  return {
    progress: JSON.parse(decoded.value.metadata["progress"]!) as Progress & JsonObject,
    state: new ReplicaState(all.under("now/")),
    best: new ReplicaState(all.under("best/")),
  };
}
