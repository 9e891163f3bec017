import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";

/** A GPU that stages may use. */
export interface GpuDevice {
  /** The number stages and users know it by. */
  readonly index: number;
  /** Its name in CUDA_VISIBLE_DEVICES: the number, or an id where the environment gave ids. */
  readonly visible: string;
}

/**
 * The GPUs of this machine that this process may use: those that nvidia-smi tells of, or without it
 * those with a device file; of these, the ones that CUDA_VISIBLE_DEVICES leaves (a Slurm job sees its
 * own).
 */
export async function gpusHere(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly GpuDevice[]> {
  const installed = await installedGpus(environment);
  const visible = environment["CUDA_VISIBLE_DEVICES"];
  if (visible === undefined || installed.length === 0) {
    return installed.map((index) => ({ index, visible: `${index}` }));
  }
  return parseVisible(visible, installed);
}

/** Numbers of the GPUs that the machine has, whatever the environment leaves of them. */
async function installedGpus(environment: NodeJS.ProcessEnv): Promise<readonly number[]> {
  const listed = await promisify(execFile)(
    "nvidia-smi",
    ["--query-gpu=index", "--format=csv,noheader"],
    { timeout: 20_000, env: environment },
  ).catch(() => null);
  if (listed !== null) {
    return listed.stdout
      .split("\n")
      .flatMap((line) => (/^\s*\d+\s*$/.test(line) ? [Number(line)] : []));
  }
  const files = await readdir("/dev").catch(() => []);
  // CUDA numbers from 0 what a container was given, whatever the files are called.
  return files.filter((name) => /^nvidia\d+$/.test(name)).map((_, index) => index);
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

/** CUDA's own rule: the list ends before the first entry that names no device. */
function parseVisible(list: string, installed: readonly number[]): GpuDevice[] {
  const devices: GpuDevice[] = [];
  for (const [place, raw] of list.split(",").entries()) {
    const id = raw.trim();
    if (/^\d+$/.test(id) && installed.includes(Number(id)))
      devices.push({ index: Number(id), visible: id });
    else if (/^(GPU|MIG)-/.test(id)) devices.push({ index: place, visible: id });
    else break;
  }
  return devices;
}
