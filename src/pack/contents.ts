import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import { packageVersion } from "../base/package.js";
import type { Result } from "../base/result.js";
import type { PythonPart } from "../contract/python-part.js";
import type { Supply } from "../contract/supply.js";
import { fetchCuda } from "../toolchain/cuda.js";
import { placeOf } from "../toolchain/environment.js";
import type { Flavour } from "../toolchain/flavour.js";
import { planFor, TENSORFLOW_VERSION } from "../toolchain/flavour.js";
import { placesIn } from "../toolchain/folders.js";
import type { InstallContext } from "../toolchain/install-context.js";
import { pipFinder } from "../toolchain/pip.js";
import type { Speaker } from "../toolchain/setup-progress.js";
import { BINDING, installTensorFlow } from "../toolchain/tensorflow.js";
import { ensureUv, UV_PROGRAM, UV_RECIPE, UV_VERSION } from "../toolchain/uv.js";
import { fetchWheel, removeWheel } from "../toolchain/wheel.js";
import type { PackedItem } from "./manifest.js";
import { projectFiles } from "./project.js";
import type { TarEntry } from "./tar.js";
import type { WheelTarget } from "./wheels.js";
import { fetchWheels } from "./wheels.js";

/** An item before it is packed: what it is, and how its files are gathered. */
export interface Content extends Omit<PackedItem, "pieces"> {
  /** Gathers the files, fetching what is not there. Throws a UserError. */
  gather(): Promise<readonly TarEntry[]>;
  /** Removes what was fetched for the pack alone. */
  cleanUp?(): Promise<void>;
}

/** What contents are made with. */
export interface PackTask {
  readonly context: InstallContext;
  readonly flavour: Flavour;
  readonly target: WheelTarget;
  /** A speaker for an item, by its name and title. */
  speaker(name: string, title: string): Speaker;
}

/** The value, or its error thrown: the pack stops at the first one. */
export function need<T>(result: Result<T, UserError>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

const keyOf = (...parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);

/** The key of files by their names, sizes and times. */
async function keyOfFiles(entries: readonly TarEntry[]): Promise<string> {
  const seen = await Promise.all(
    entries.map(async ({ name, file }) => {
      const { size, mtimeMs } = await stat(file);
      return [name, size, mtimeMs];
    }),
  );
  return keyOf(seen);
}

/** r4ec itself. */
export async function projectContent(): Promise<Content> {
  const entries = await projectFiles();
  return {
    ...{ name: "r4ec", kind: "r4ec", what: `r4ec ${packageVersion()} itself`, gzip: true },
    key: await keyOfFiles(entries),
    gather: () => Promise.resolve(entries),
  };
}

/** The Node that runs this. */
export function nodeContent(): Content {
  return {
    ...{ name: "node", kind: "node", what: `Node ${process.version}`, gzip: true },
    key: keyOf(process.version, process.platform, process.arch),
    gather: () => Promise.resolve([{ name: "node/bin/node", file: process.execPath }]),
  };
}

/** uv's program. */
export function uvContent({ context, speaker }: PackTask): Content {
  const what = `uv ${UV_VERSION}`;
  return {
    ...{ name: "uv", kind: "uv", what, recipe: UV_RECIPE, gzip: true },
    key: keyOf(UV_RECIPE),
    gather: async () => {
      const { toolchain, signal } = context;
      const tool = need(await pipFinder(toolchain)());
      const { program } = need(await ensureUv(tool, toolchain, false, speaker("uv", what), signal));
      return [{ name: UV_PROGRAM, file: program }];
    },
  };
}

/** TensorFlow's wheel, the binding that is built here, and CUDA's wheels for the GPU flavour. */
export function tensorflowContent(task: PackTask): Content {
  const { context, flavour, speaker } = task;
  const { toolchain, signal } = context;
  const plan = need(planFor(toolchain, flavour));
  const what = `TensorFlow ${TENSORFLOW_VERSION} (${flavour})`;
  const { downloads } = placesIn(toolchain);
  const cuda = path.join(downloads, "pack", "cuda");
  let isOurs = false;
  return {
    ...{ name: "tensorflow", kind: "tensorflow", what, recipe: plan.recipe, gzip: false },
    key: keyOf(plan.recipe, flavour),
    gather: async () => {
      const says = speaker("tensorflow", what);
      const findTool = pipFinder(toolchain);
      const before = (await readdir(downloads).catch(() => [])).length;
      const wheel = need(await fetchWheel(findTool, plan.wheel, downloads, false, says, signal));
      isOurs = (await readdir(downloads)).length > before;
      // Built against the CPU's libraries, the binding runs beside those of both flavours.
      const kept = { ...context, keepDownloads: true };
      const built = need(await installTensorFlow(kept, says, "cpu"));
      const entries = [
        { name: path.basename(wheel), file: wheel },
        { name: BINDING, file: path.join(built.folder, BINDING) },
      ];
      if (flavour === "cpu") return entries;
      need(await fetchCuda(need(await findTool()), cuda, says, signal));
      return [...entries, ...(await wheelsIn(cuda, "cuda/"))];
    },
    cleanUp: async () => {
      await rm(cuda, { recursive: true, force: true });
      if (isOurs && process.env["R4EC_KEEP_DOWNLOADS"] !== "1") {
        await removeWheel(plan.wheel, downloads);
      }
    },
  };
}

/** The wheels of a Python environment. */
export async function environmentContent(plan: PythonPart, task: PackTask): Promise<Content> {
  const { context, target, speaker } = task;
  const { toolchain, signal } = context;
  const flavour = plan.byFlavour ? task.flavour : "cpu";
  const { recipe } = await placeOf(plan, toolchain, flavour);
  const what = `${plan.contents} for Python ${target.python}`;
  const key = keyOf(recipe, target);
  const folder = path.join(placesIn(toolchain).downloads, "pack", `${plan.part}-${key}`);
  return {
    ...{ name: plan.part, kind: "environment", what, recipe, gzip: false, key },
    gather: async () => {
      const says = speaker(plan.part, plan.title);
      const tool = need(await pipFinder(toolchain)());
      const uv = need(await ensureUv(tool, toolchain, false, says, signal));
      await fetchWheels(plan, flavour, target, folder, { uv, pip: tool, speaker: says, signal });
      return wheelsIn(folder, "");
    },
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What stages of the science would fetch: a data set, a model. */
export async function supplyContent(
  supply: Supply,
  name: string,
  gatherTask: Parameters<Supply["gather"]>[1],
): Promise<Content> {
  const { place, files } = await supply.gather(name, gatherTask);
  const entries = Object.entries(files).map(([file, from]) => ({ name: file, file: from }));
  const sizes = await Promise.all(
    entries.map(async ({ name: file, file: from }) => [file, (await stat(from)).size] as const),
  );
  const [title = ""] = name.split("=");
  const plain = title.replace(/[^A-Za-z0-9._-]+/gu, "-");
  return {
    // Two names that differ only in what a file's name cannot hold are two items.
    name: `${supply.option}-${plain}${plain === title ? "" : `-${keyOf(title).slice(0, 6)}`}`,
    kind: "supply",
    what: `${supply.option}: ${title}`,
    supply: { option: supply.option, place },
    files: Object.fromEntries(sizes),
    gzip: false,
    key: await keyOfFiles(entries),
    gather: () => Promise.resolve(entries),
  };
}

async function wheelsIn(folder: string, prefix: string): Promise<readonly TarEntry[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".whl")).sort();
  return names.map((name) => ({ name: `${prefix}${name}`, file: path.join(folder, name) }));
}
