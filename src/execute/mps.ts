import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findProgram } from "../base/find-program.js";
import { TREE_VARIABLE, killTree } from "../base/process.js";
import { findPython } from "../toolchain/python.js";
import type { GpuDevice } from "./gpus.js";
import type { Share } from "./slots.js";

const KEEPER = fileURLToPath(new URL("./mps-keeper.js", import.meta.url));
const PROGRAM = "nvidia-cuda-mps-control";
/** Where a daemon is found that whoever runs the machine has started. */
const USUAL_FOLDER = "/tmp/nvidia-mps";
const START_MILLISECONDS = 10_000;
const TRY_MILLISECONDS = 30_000;
const END_MILLISECONDS = 8_000;

/** A program that uses one card as a stage would, and fails where that is impossible. */
const TRIAL = `
import ctypes, sys
cuda = ctypes.CDLL("libcuda.so.1")
def call(name, *arguments):
    status = getattr(cuda, name)(*arguments)
    if status != 0:
        sys.exit(f"{name} gives CUDA's error {status}")
count, device, context = ctypes.c_int(), ctypes.c_int(), ctypes.c_void_p()
call("cuInit", 0)
call("cuDeviceGetCount", ctypes.byref(count))
if count.value != 1:
    sys.exit(f"{count.value} GPUs are seen in place of one")
call("cuDeviceGet", ctypes.byref(device), 0)
call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
call("cuDevicePrimaryCtxRelease_v2", device)
`;

type Variables = NodeJS.ProcessEnv;

/**
 * NVIDIA's MPS (Multi-Process Service) for the programs of one sweep that share a card: without it they
 * take turns there, with it their kernels run at the same time. It is the sweep's own daemon, in a folder
 * of its own, which nobody else's programs see.
 *
 * Source of the protocol: NVIDIA's Multi-Process Service manual, "Environment Variables" and
 * "nvidia-cuda-mps-control".
 */
export class Mps {
  #ended = false;

  private constructor(
    private readonly keeper: ChildProcess,
    private readonly mark: string,
    private readonly variables: Variables,
    private readonly gpus: readonly GpuDevice[],
  ) {
    keeper.once("exit", () => {
      this.#ended = true;
    });
  }

  /**
   * Starts the daemon, and tries each card with a small program. Null where there is no MPS on this
   * machine, where it does not work, where its owner runs a daemon, or where a card is cut into instances or has no UUID.
   *
   * @param environment of the programs that are to use it
   * @param say told why, where MPS is there and does not work
   */
  static async start(
    gpus: readonly GpuDevice[],
    environment: Variables,
    say: (line: string) => void,
  ): Promise<Mps | null> {
    if (!gpus.every(({ id, instance }) => id.startsWith("GPU-") && !instance)) return null;
    if (environment["CUDA_MPS_PIPE_DIRECTORY"] !== undefined || ownersDaemonRuns()) return null;
    if (findProgram(PROGRAM, environment["PATH"]) === null) return null;
    // Both at the same time: each takes some tenths of a second.
    const searched = findPython(true);
    // A short path: the sockets in it may have names of 107 bytes.
    const folder = mkdtempSync("/tmp/r4ec-mps-");
    const mark = randomBytes(8).toString("hex");
    const variables = { CUDA_MPS_PIPE_DIRECTORY: folder, CUDA_MPS_LOG_DIRECTORY: folder };
    const keeper = spawn(process.execPath, [KEEPER, folder], {
      // A session of its own: a terminal's Ctrl-C reaches the sweep alone.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {
        ...environment,
        ...variables,
        [TREE_VARIABLE]: mark,
        CUDA_DEVICE_ORDER: "PCI_BUS_ID",
        CUDA_VISIBLE_DEVICES: gpus.map(({ id }) => id).join(","),
      },
    });
    keeper.stdin!.on("error", () => undefined);
    const mps = new Mps(keeper, mark, variables, gpus);
    const python = await searched;
    const wrong = python.ok
      ? await mps.#tryOut(environment, python.value.path, folder)
      : "no Python is there to try it";
    if (wrong === null) return mps;
    say(`stages that share a GPU take turns there, since NVIDIA's MPS does not work: ${wrong}`);
    await mps.close();
    return null;
  }

  /** What does not work; null where all does. */
  async #tryOut(environment: Variables, python: string, folder: string): Promise<string | null> {
    const until = performance.now() + START_MILLISECONDS;
    while (!existsSync(path.join(folder, "control"))) {
      if (this.#ended) return "its daemon has ended";
      if (performance.now() > until) return "its daemon does not start";
      await sleep(20);
    }
    const options = { timeout: TRY_MILLISECONDS, encoding: "utf8" } as const;
    const told = await Promise.all(
      this.gpus.map(async (gpu) => {
        const env = { ...environment, ...this.#variablesOf([gpu]) };
        try {
          await promisify(execFile)(python, ["-I", "-c", TRIAL], { ...options, env });
          return [];
        } catch (error) {
          const { stderr, message } = error as Error & { readonly stderr?: string };
          return [`GPU ${gpu.index}: ${stderr?.trim().split("\n").at(-1) || message}`];
        }
      }),
    );
    return told.flat()[0] ?? null;
  }

  #variablesOf(gpus: readonly GpuDevice[]): Variables {
    return {
      ...this.variables,
      CUDA_DEVICE_ORDER: "PCI_BUS_ID",
      // By id: the daemon counts only the cards that it was given.
      CUDA_VISIBLE_DEVICES: gpus.map(({ id }) => id).join(","),
    };
  }

  /** Variables of a program that takes a share of cards; null where it is to do without. */
  variablesFor({ gpus, gpuShare }: Share): Variables | null {
    if (this.#ended || gpus.length === 0 || gpuShare >= 1) return null;
    return this.#variablesOf(this.gpus.filter(({ index }) => gpus.includes(index)));
  }

  /**
   * Programs that start from now on do without. To be called after a card has failed: under MPS the fault
   * of one program may end the others on its card, and the daemon's own may look like theirs.
   */
  leave(): void {
    this.#ended = true;
  }

  /** Ends the daemon. The programs that use it are to be gone. */
  async close(): Promise<void> {
    this.#ended = true;
    if (this.keeper.exitCode !== null || this.keeper.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.keeper.once("exit", () => resolve()));
    this.keeper.stdin!.end();
    await Promise.race([gone, sleep(END_MILLISECONDS, undefined, { ref: false })]);
    killTree(this.mark, "SIGKILL");
  }
}

/** Whether a daemon of the machine's owner serves all programs already. */
function ownersDaemonRuns(): boolean {
  try {
    process.kill(Number(readFileSync(path.join(USUAL_FOLDER, `${PROGRAM}.pid`), "utf8")), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
