import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";

/** A whole checkpoint of a Hugging Face trainer. */
export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
}

const NEEDED = ["adapter_config.json", "optimizer.pt", "scheduler.pt"];

/**
 * The last whole checkpoint in a trainer's output folder, or null. Halves of one, which a kill
 * leaves behind, are removed: LLaMA-Factory would take the highest number without looking.
 */
export async function lastCheckpoint(output: string): Promise<Checkpoint | null> {
  const names = await readdir(output).catch(() => []);
  const found = names
    .map((name) => ({ name, step: Number(/^checkpoint-(\d+)$/u.exec(name)?.[1]) }))
    .filter(({ step }) => Number.isInteger(step))
    .sort((a, b) => b.step - a.step);
  for (const { name, step } of found) {
    const folder = path.join(output, name);
    if (await isWhole(folder, step)) return { step, folder };
    await rm(folder, { recursive: true, force: true });
  }
  return null;
}

/** The trainer writes weights, optimizer and random state, and trainer_state.json last. */
async function isWhole(folder: string, step: number): Promise<boolean> {
  try {
    const state = JSON.parse(await readFile(path.join(folder, "trainer_state.json"), "utf8")) as {
      readonly global_step?: number;
    };
    if (state.global_step !== step) return false;
    for (const name of NEEDED) {
      if ((await stat(path.join(folder, name))).size === 0) return false;
    }
    // With several processes each writes a random state of its own, and they don't wait for each other.
    for (const name of await readdir(folder)) {
      if (/\.pth?$/u.test(name) && !(await isWholeZip(path.join(folder, name)))) return false;
    }
    return await isWholeSafetensors(path.join(folder, "adapter_model.safetensors"));
  } catch {
    return false;
  }
}

/** True where a file ends as zip archives do, which is what PyTorch saves (APPNOTE.TXT 4.3.16). */
async function isWholeZip(file: string): Promise<boolean> {
  const end = (await readFile(file)).subarray(-22);
  return end.length === 22 && end.readUInt32LE(0) === 0x06054b50;
}

/**
 * True for a safetensors file of the length its header promises: 8 bytes of header length, the
 * header (JSON with data_offsets), the data (github.com/huggingface/safetensors, format).
 */
export async function isWholeSafetensors(file: string): Promise<boolean> {
  try {
    const bytes = await readFile(file);
    if (bytes.length < 8) return false;
    const headerLength = Number(bytes.readBigUInt64LE(0));
    if (headerLength > bytes.length - 8) return false;
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength)) as {
      readonly [name: string]: { readonly data_offsets?: readonly [number, number] };
    };
    const ends = Object.values(header).map((each) => each.data_offsets?.[1] ?? 0);
    return bytes.length === 8 + headerLength + Math.max(0, ...ends);
  } catch {
    return false;
  }
}
