import path from "node:path";
import type { Config } from "../config/config.js";
import type { ReadyToolchain } from "../contract/runner.js";
import type { GpuDevice } from "./gpus.js";
import type { Share } from "./slots.js";

/**
 * Settings that stages read from the environment: R4EC_DOWNLOADS, the folder of files fetched for
 * all stores (data sets), R4EC_TEXT_CACHE, the store's answers and vectors that stages share,
 * R4EC_XLA_CACHE, this machine's compiled programs, and R4EC_OFFLINE.
 */
export const workerEnvironment = (
  config: Pick<Config, "store" | "toolchain" | "offline">,
): { readonly [name: string]: string } => ({
  R4EC_DOWNLOADS:
    process.env["R4EC_DOWNLOADS"] ?? path.resolve(config.toolchain.value, "downloads"),
  R4EC_TEXT_CACHE:
    process.env["R4EC_TEXT_CACHE"] ?? path.resolve(config.store.value, "cache", "texts"),
  R4EC_XLA_CACHE: process.env["R4EC_XLA_CACHE"] ?? path.resolve(config.toolchain.value, "xla"),
  ...(config.offline.value ? { R4EC_OFFLINE: "1" } : {}),
});

/** The machine of a program, and what it was started with. */
interface Surroundings {
  /** CPU slots. */
  readonly cpus: number;
  readonly gpus: readonly GpuDevice[];
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * The environment of a worker that holds a share of the machine: it sees its cards alone, and computes on its
 * cores.
 *
 * @param ready how many stages are ready to run
 */
export function programEnvironment(
  share: Share,
  { cpus, gpus, environment }: Surroundings,
  { toolchain, ready }: { readonly toolchain: ReadyToolchain; readonly ready: number },
): NodeJS.ProcessEnv {
  const threads = String(share.cpus);
  // Cores of the sweep's own that no other stage is there for may be used.
  const spare = share.gpus.length > 0 ? 0 : Math.floor(cpus / Math.max(1, ready));
  const visible = share.gpus.map(
    (index) => gpus.find((gpu) => gpu.index === index)?.visible ?? String(index),
  );
  return {
    TF_CPP_MIN_LOG_LEVEL: "2",
    ...(environment ?? process.env),
    ...toolchain.environment,
    CUDA_DEVICE_ORDER: "PCI_BUS_ID",
    CUDA_VISIBLE_DEVICES: visible.join(","),
    TF_FORCE_GPU_ALLOW_GROWTH: "true",
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: String(Math.max(share.cpus, spare)),
    OMP_NUM_THREADS: threads,
  };
}
