import { readdir } from "node:fs/promises";
import type { ListedCard } from "./nvidia-smi.js";
import { listCards } from "./nvidia-smi.js";

/** A GPU that stages may use: a card, or an instance that a card was cut into (MIG). */
export interface GpuDevice {
  /** The number stages and users know it by. */
  readonly index: number;
  /** Its name in CUDA_VISIBLE_DEVICES. */
  readonly visible: string;
  /** What every process of this machine knows it by: its UUID, or its number where it has none. */
  readonly id: string;
  /** True for an instance: a program computes on one of these at a time. */
  readonly instance: boolean;
  /** Megabytes of memory that it has in all; null: not known. */
  readonly memory: number | null;
}

/**
 * The GPUs of this machine that this process may use: those that nvidia-smi tells of, or without it
 * those with a device file; of these, the ones that CUDA_VISIBLE_DEVICES leaves (a Slurm job sees its
 * own), in its order. A card that does not answer is left out.
 *
 * Numbers are nvidia-smi's. Where a card is cut into instances, it is these that are numbered in its
 * place, in the order of `nvidia-smi -L`.
 */
export async function gpusHere(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly GpuDevice[]> {
  const installed = await installedGpus(environment);
  const visible = environment["CUDA_VISIBLE_DEVICES"];
  return visible === undefined ? installed.map(({ gpu }) => gpu) : parseVisible(visible, installed);
}

/** A GPU with the number of its card, by which CUDA_VISIBLE_DEVICES may name it. */
interface Installed {
  readonly gpu: GpuDevice;
  readonly card: number;
}

/** The GPUs that the machine has, whatever the environment leaves of them. */
async function installedGpus(environment: NodeJS.ProcessEnv): Promise<readonly Installed[]> {
  const listed = await listCards(environment);
  if (listed !== null) return numbered(listed);
  const files = await readdir("/dev").catch(() => []);
  // CUDA numbers from 0 what a container was given, whatever the files are called.
  return files
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((_, index) => ({ gpu: whole(index, null, null), card: index }));
}

const whole = (index: number, uuid: string | null, memory: number | null): GpuDevice => ({
  index,
  visible: `${index}`,
  id: uuid ?? `GPU ${index}`,
  instance: false,
  memory,
});

function numbered(cards: readonly ListedCard[]): Installed[] {
  const sound = cards.filter(({ sick }) => sick === null);
  if (!cards.some(({ cut }) => cut)) {
    return sound.map(({ index, uuid, memory }) => ({
      gpu: whole(index, uuid, memory?.total ?? null),
      card: index,
    }));
  }
  // Beside instances CUDA counts otherwise than nvidia-smi, so that only ids are certain.
  const ids = sound.flatMap(({ index: card, uuid, cut, instances, memory }) => {
    // Nothing is told of an instance's part of it.
    const size = cut ? null : (memory?.total ?? null);
    const names = cut ? instances : [uuid ?? `${card}`];
    return names.map((id) => ({ card, id, instance: cut, memory: size }));
  });
  return ids.map(({ card, id, instance, memory }, index) => ({
    gpu: { index, visible: id, id, instance, memory },
    card,
  }));
}

/**
 * The GPUs that a sweep uses: those of {@link gpusHere} that are wanted, in the order in which they
 * are wanted. A wanted one that is not there is left out: {@link missingCards} refuses it.
 */
export const wantedGpus = (
  wanted: "auto" | readonly number[],
  here: readonly GpuDevice[],
): readonly GpuDevice[] =>
  wanted === "auto"
    ? here
    : [...new Set(wanted)].flatMap((index) => here.filter((gpu) => gpu.index === index));

/**
 * CUDA's own rule: the list ends before the first entry that names no device. An id may be cut short,
 * as long as one device alone begins so. The number of a card that is cut means all its instances.
 */
function parseVisible(list: string, installed: readonly Installed[]): readonly GpuDevice[] {
  const devices = new Map<string, GpuDevice>();
  const known = installed.some(({ gpu }) => /^(GPU|MIG)-/.test(gpu.id));
  for (const [place, raw] of list.split(",").entries()) {
    const entry = raw.trim();
    const named = /^\d+$/.test(entry)
      ? installed.filter(({ card }) => card === Number(entry))
      : /^(GPU|MIG)-/.test(entry)
        ? known
          ? byId(entry, installed)
          : // Nobody tells which card it is.
            installed.slice(place, place + 1).map((one) => ({
              ...one,
              gpu: { ...one.gpu, visible: entry, id: entry },
            }))
        : [];
    if (named.length === 0) break;
    for (const { gpu } of named) {
      // By the name that the environment gave it, under which a container may know it alone.
      const visible = gpu.instance || named.length > 1 ? gpu.visible : entry;
      if (!devices.has(gpu.id)) devices.set(gpu.id, { ...gpu, visible });
    }
  }
  return [...devices.values()];
}

function byId(entry: string, installed: readonly Installed[]): Installed[] {
  const found = installed.filter(({ gpu }) => gpu.id.startsWith(entry));
  return found.length === 1 ? found : found.filter(({ gpu }) => gpu.id === entry);
}
