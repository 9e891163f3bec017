import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { offline } from "./failure.js";
import type { Pip, PipFinder } from "./pip.js";
import { pipDownload } from "./pip.js";
import { placesIn, toolchainFile } from "./folders.js";
import { readReady, recipeOf, sha256Of, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import type { InstallContext } from "./install-context.js";
import { unpackWheel } from "./wheel.js";
import { openFolder } from "../base/folder.js";

const CUDA_LIST = toolchainFile("requirements", "cuda.txt");

// What runs: shared libraries, and of the compiler's wheel what XLA calls. Neither headers nor
// static libraries.
const PATTERNS = [
  "nvidia/*/lib/*.so*",
  "nvidia/cuda_nvcc/bin/*",
  "nvidia/cuda_nvcc/nvvm/libdevice/*",
];

/**
 * The CUDA libraries that TensorFlow's GPU wheel asks for, out of NVIDIA's wheels, laid out beside
 * tensorflow/ as in a Python environment. The list is requirements/cuda.txt, with hashes that pip
 * checks.
 */
export async function installCuda(
  findTool: PipFinder,
  folder: string,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<void, UserError>> {
  const recipe = recipeOf({ cuda: await sha256Of(CUDA_LIST) });
  const stamp = path.join(folder, "cuda-unpacked");
  if ((await readReady(stamp, recipe)) !== null) return ok(undefined);
  const downloads = path.join(context.carried ?? placesIn(context.toolchain).downloads, "cuda");
  if (context.carried === undefined) {
    if (context.offline) return err(offline("CUDA's libraries"));
    const tool = await findTool();
    if (!tool.ok) return tool;
    const fetched = await fetchCuda(tool.value, downloads, speaker, context.signal);
    if (!fetched.ok) return fetched;
  }
  for (const name of (await readdir(downloads)).filter((file) => file.endsWith(".whl")).sort()) {
    const wheel = path.join(downloads, name);
    const done = await unpackWheel(wheel, folder, PATTERNS, speaker, context.signal);
    if (!done.ok) return done;
  }
  await openFolder(stamp);
  await writeReady(stamp, recipe, {}, []);
  await rm(downloads, { recursive: true, force: true });
  return ok(undefined);
}

/** Fetches the wheels of CUDA's libraries, 2.5 GB, into a folder. pip checks their hashes. */
export const fetchCuda = (
  tool: Pip,
  folder: string,
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<void, UserError>> =>
  pipDownload(
    tool,
    "CUDA's libraries (about 2.5 GB)",
    ["--only-binary", ":all:", "--require-hashes", "--requirement", CUDA_LIST],
    folder,
    speaker,
    signal,
  );

async function libraryFolders(folder: string): Promise<string[]> {
  const root = path.join(folder, "nvidia");
  const names = await readdir(root).catch(() => []);
  return names.sort().map((name) => path.join(root, name, "lib"));
}

/** CUDA's files relative to the part's folder; none in the CPU flavour. */
export async function cudaFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const libraries of await libraryFolders(folder)) {
    const names = await readdir(libraries).catch(() => []);
    files.push(...names.map((name) => path.relative(folder, path.join(libraries, name))));
  }
  return files.sort();
}

/** Variables by which TensorFlow finds these libraries, and XLA its device code. */
export async function cudaEnvironment(
  folder: string,
  given: { readonly [name: string]: string | undefined },
): Promise<{ readonly [name: string]: string }> {
  const before = given["LD_LIBRARY_PATH"];
  const folders = [...(await libraryFolders(folder)), ...(before ? [before] : [])];
  const data = `--xla_gpu_cuda_data_dir=${path.join(folder, "nvidia", "cuda_nvcc")}`;
  return {
    LD_LIBRARY_PATH: folders.join(":"),
    XLA_FLAGS: [given["XLA_FLAGS"] ?? "", data].filter((flag) => flag !== "").join(" "),
    // Several workers share a card: take memory as it is needed, not all of it at the start.
    TF_FORCE_GPU_ALLOW_GROWTH: given["TF_FORCE_GPU_ALLOW_GROWTH"] ?? "true",
  };
}
