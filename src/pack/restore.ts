import { rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ExitCode, UserError } from "../base/exit.js";
import { isErrno } from "../base/errno.js";
import { openFolder } from "../base/folder.js";
import { packageVersion } from "../base/package.js";
import { findEnvironment, installEnvironment, placeOf } from "../toolchain/environment.js";
import { broken } from "../toolchain/failure.js";
import { planFor, wantedFlavour } from "../toolchain/flavour.js";
import { placesIn, platformName } from "../toolchain/folders.js";
import { findPython } from "../toolchain/python.js";
import { readReady, writeReady } from "../toolchain/ready-file.js";
import { Speaker } from "../toolchain/setup-progress.js";
import { findTensorFlow, installTensorFlow } from "../toolchain/tensorflow.js";
import { UV_PROGRAM, UV_RECIPE, UV_VERSION } from "../toolchain/uv.js";
import { need } from "./contents.js";
import type { Manifest, PackedItem } from "./manifest.js";
import { INSTALLER, MANIFEST, readManifest } from "./manifest.js";
import type { Means } from "./means.js";
import { minorOf } from "./means.js";
import { contentOf, filesBelow, findPiece } from "./pieces.js";

/** What became of an item. */
export interface RestoredOutcome {
  readonly name: string;
  readonly what: string;
  /**
   * `there`: before this call; `apart`: install.sh unpacks it; `waiting`: parts of it are missing; `bad`:
   * parts of it are cut or damaged; `failed`: it could not be installed.
   */
  readonly state: "ready" | "there" | "apart" | "waiting" | "bad" | "failed";
  /** Names of parts that have not come. */
  readonly missing: readonly string[];
  /** Parts that are not what was packed, with what is wrong. */
  readonly bad: readonly { readonly file: string; readonly why: string }[];
  readonly error: UserError | null;
  /** Of a supply: the absolute folder that its files are in. */
  readonly folder: string | null;
}

/** What a pack came to on this machine. */
export interface Restored {
  readonly outcomes: readonly RestoredOutcome[];
  /** False where the pack itself was never finished. */
  readonly complete: boolean;
}

/**
 * Installs what a folder of parts holds, and leaves alone what is installed. Parts may lie in any order and
 * in folders below it; an item whose parts are not all there waits for a later call.
 *
 * Throws a UserError where the folder holds no pack, or one that is not for this machine or this r4ec.
 */
export async function restore(folder: string, means: Means): Promise<Restored> {
  const files = await filesBelow(folder).catch((error: unknown) => {
    if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
    throw new UserError(`there is no folder ${folder}`);
  });
  const [listed = path.join(folder, MANIFEST)] = files.get(MANIFEST) ?? [];
  const manifest = await readManifest(listed);
  if (manifest === null) {
    throw new UserError(`${folder} holds no ${MANIFEST}: it is one of the files of a pack`, {
      exitCode: ExitCode.usage,
      hint: "r4ec setup --pack FOLDER makes a pack, on a machine with a network",
    });
  }
  await checkMachine(manifest, folder, means);
  const outcomes: RestoredOutcome[] = [];
  for (const item of manifest.items) {
    means.signal?.throwIfAborted();
    outcomes.push(await restoreItem(item, manifest, files, means));
  }
  return { outcomes, complete: manifest.complete };
}

/** Throws where the pack is for other machines, or other versions than this r4ec looks for. */
async function checkMachine(
  manifest: Manifest,
  folder: string,
  { toolchain, environments }: Means,
): Promise<void> {
  const wrong = (message: string, hint: string): UserError =>
    new UserError(message, { exitCode: ExitCode.usage, hint });
  if (manifest.platform !== platformName()) {
    throw new UserError(
      `the pack is for ${manifest.platform}, and this machine is ${platformName()}`,
    );
  }
  const flavour = await wantedFlavour();
  if (manifest.flavour !== flavour) {
    const hint =
      flavour === "gpu"
        ? "pack with --flavour gpu, or set R4EC_TENSORFLOW=cpu here, for all commands"
        : "set R4EC_TENSORFLOW=gpu here if the machines that compute have cards (nvidia-smi -L lists none), or pack with --flavour cpu";
    throw wrong(
      `the pack is of the ${manifest.flavour} flavour, and this machine calls for ${flavour}`,
      hint,
    );
  }
  for (const { kind, name, what, recipe } of manifest.items) {
    const plan = environments.find(({ part }) => part === name);
    const wanted =
      kind === "tensorflow"
        ? need(planFor(toolchain, flavour)).recipe
        : kind === "uv"
          ? UV_RECIPE
          : kind === "environment" && plan !== undefined
            ? (await placeOf(plan, toolchain, plan.byFlavour ? flavour : "cpu")).recipe
            : recipe;
    if (wanted === recipe) continue;
    throw wrong(
      `the pack was made by r4ec ${manifest.r4ec} and holds ${what}, which is not the one that this r4ec (${packageVersion()}) looks for`,
      `use the r4ec of the pack: sh ${path.join(folder, INSTALLER)}`,
    );
  }
}

async function restoreItem(
  item: PackedItem,
  manifest: Manifest,
  files: ReadonlyMap<string, readonly string[]>,
  means: Means,
): Promise<RestoredOutcome> {
  const { name, what } = item;
  const outcome = { name, what, missing: [], bad: [], error: null, folder: null };
  // Whoever runs this has r4ec and a Node.
  if (item.kind === "r4ec" || item.kind === "node") return { ...outcome, state: "apart" };
  const installer = installerOf(item, manifest, means);
  const folder = item.kind === "supply" ? supplyFolder(installer.folder, item) : null;
  if (await installer.isThere()) return { ...outcome, folder, state: "there" };
  const speaker = new Speaker(name, what, means.say);
  const found = await speaker.during("checking its parts", () =>
    Promise.all(item.pieces.map(async (piece) => ({ piece, ...(await findPiece(piece, files)) }))),
  );
  const missing = found.flatMap((one) => (one.state === "missing" ? [one.piece.file] : []));
  const bad = found.flatMap((one) =>
    one.state === "bad" ? [{ file: one.file, why: one.why }] : [],
  );
  if (bad.length > 0) return { ...outcome, missing, bad, state: "bad" };
  if (missing.length > 0) return { ...outcome, missing, state: "waiting" };
  const whole = found.flatMap((one) => (one.state === "whole" ? [one.file] : []));
  try {
    await speaker.during("unpacking", () => untar(item, whole, installer.folder, means.signal));
    await installer.install(speaker);
    return { ...outcome, folder, state: "ready" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...outcome, state: "failed", error };
  }
}

/** How an item is installed once its archive is unpacked into the folder. */
interface Installer {
  readonly folder: string;
  isThere(): Promise<boolean>;
  install(speaker: Speaker): Promise<void>;
}

function installerOf(item: PackedItem, manifest: Manifest, means: Means): Installer {
  const { toolchain, signal } = means;
  const carried = path.join(toolchain, "carried", item.name);
  const context = { toolchain, offline: true, carried, signal };
  const done = (): Promise<void> => rm(carried, { recursive: true, force: true });
  switch (item.kind) {
    case "tensorflow":
      return {
        folder: carried,
        isThere: async () => (await findTensorFlow(toolchain)) !== null,
        install: async (speaker) => {
          need(await installTensorFlow(context, speaker));
          await done();
        },
      };
    case "environment": {
      const plan = means.environments.find(({ part }) => part === item.name);
      if (plan === undefined)
        throw new UserError(`the pack holds ${item.name}, which this r4ec does not know`);
      return {
        folder: carried,
        isThere: async () => (await findEnvironment(plan, toolchain)) !== null,
        install: async (speaker) => {
          await checkPython(manifest);
          need(await installEnvironment(plan, context, speaker));
          await done();
        },
      };
    }
    case "uv": {
      const folder = placesIn(toolchain).uv(UV_VERSION);
      return {
        folder,
        isThere: async () => (await readReady(folder, UV_RECIPE)) !== null,
        install: async () => {
          await writeReady(folder, UV_RECIPE, { uv: UV_VERSION }, [UV_PROGRAM]);
        },
      };
    }
    default:
      return supplyInstaller(item, means);
  }
}

/** The folder of the place that all of a supply's files are in. */
function supplyFolder(place: string, { files = {} }: PackedItem): string {
  const [first = [], ...others] = Object.keys(files).map((file) => file.split("/").slice(0, -1));
  const shared = first.filter((_, n) =>
    others.every((other) => first.slice(0, n + 1).every((part, k) => other[k] === part)),
  );
  return path.join(place, ...shared);
}

function supplyInstaller(
  { name, supply, files = {} }: PackedItem,
  { supplies, downloads }: Means,
): Installer {
  const places = supplies.find(({ option }) => option === supply?.option)?.places(downloads);
  const folder = places?.[supply?.place ?? ""];
  if (folder === undefined)
    throw new UserError(`the pack holds ${name}, which this r4ec does not know`);
  return {
    folder,
    isThere: async () => {
      for (const [file, size] of Object.entries(files)) {
        const info = await stat(path.join(folder, file)).catch(() => null);
        if (info?.size !== size) return false;
      }
      return true;
    },
    install: () => Promise.resolve(),
  };
}

/** Throws where the wheels of the pack are for another Python than this machine's. */
async function checkPython({ python }: Manifest): Promise<void> {
  const { version, path: file } = need(await findPython(true));
  if (version.startsWith(`${python}.`)) return;
  throw broken(
    `the pack's wheels are for Python ${python}, and ${file} is ${version}`,
    `name a Python ${python} with R4EC_PYTHON, or pack with --python ${minorOf(version)}`,
  );
}

/** Unpacks an item's archive with the machine's own tar. */
async function untar(
  { gzip }: PackedItem,
  files: readonly string[],
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  await openFolder(folder);
  const { execa } = await import("execa");
  const child = execa("tar", ["-x", "-f", "-", "-C", folder], { reject: false, all: true });
  const options = signal === undefined ? {} : { signal };
  const fed = gzip
    ? pipeline(contentOf(files), createGunzip(), child.stdin, options)
    : pipeline(contentOf(files), child.stdin, options);
  const [feeding] = await Promise.allSettled([fed]);
  const ended = await child;
  signal?.throwIfAborted();
  if (ended.failed) {
    const said = ended.all === "" ? (ended.originalMessage ?? "") : ended.all;
    throw broken(`tar could not unpack into ${folder}: ${said}`);
  }
  if (feeding.status === "rejected") throw feeding.reason as Error;
}
