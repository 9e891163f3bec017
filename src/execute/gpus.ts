import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A GPU that stages may use. */
export interface GpuDevice {
  /** The number stages and users know it by. */
  readonly index: number;
  /** Its name in CUDA_VISIBLE_DEVICES: the number, or an id where the environment gave ids. */
  readonly visible: string;
}

/**
 * The GPUs of this machine: those the settings list; else those that CUDA_VISIBLE_DEVICES leaves
 * (a Slurm job sees its own); else all that nvidia-smi tells of; else none.
 */
export async function findGpus(
  wanted: "auto" | readonly number[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly GpuDevice[]> {
  const visible = environment["CUDA_VISIBLE_DEVICES"];
  if (wanted !== "auto") {
    // With ids in the environment a number means the place in that list, as it does for CUDA.
    const ids = visible?.split(",").map((id) => id.trim()) ?? [];
    const named = ids.some((id) => !/^-?\d+$/.test(id)) ? ids : [];
    return [...new Set(wanted)].map((index) => ({ index, visible: named[index] ?? `${index}` }));
  }
  if (visible !== undefined) return parseVisible(visible);
  const listed = await promisify(execFile)(
    "nvidia-smi",
    ["--query-gpu=index", "--format=csv,noheader"],
    { timeout: 20_000 },
  ).catch(() => null);
  return parseVisible(listed?.stdout.trim().replaceAll(/\s+/g, ",") ?? "");
}

/** CUDA's own rule: the list ends before the first entry that names no device. */
function parseVisible(list: string): GpuDevice[] {
  const devices: GpuDevice[] = [];
  for (const [place, raw] of list.split(",").entries()) {
    const id = raw.trim();
    if (/^\d+$/.test(id)) devices.push({ index: Number(id), visible: id });
    else if (/^(GPU|MIG)-/.test(id)) devices.push({ index: place, visible: id });
    else break;
  }
  return devices;
}
