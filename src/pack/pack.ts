import { chmod, copyFile, readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { writeDurable } from "../base/durable.js";
import { isErrno } from "../base/errno.js";
import { UserError } from "../base/exit.js";
import { openFolder } from "../base/folder.js";
import { waitForLock } from "../base/lock.js";
import { packageFile, packageVersion } from "../base/package.js";
import type { GatherTask, Supply } from "../contract/supply.js";
import type { Flavour } from "../toolchain/flavour.js";
import { wantedFlavour } from "../toolchain/flavour.js";
import { platformName } from "../toolchain/folders.js";
import { findPython } from "../toolchain/python.js";
import { installEnvironment, TRACKING } from "../toolchain/environment.js";
import { byteProgress, Speaker } from "../toolchain/setup-progress.js";
import type { Content, PackTask } from "./contents.js";
import {
  environmentContent,
  need,
  nodeContent,
  projectContent,
  supplyContent,
  tensorflowContent,
  uvContent,
} from "./contents.js";
import type { Asked, Manifest, PackedItem } from "./manifest.js";
import { ASKED, INSTALLER, MANIFEST, readManifest, SUMS, writeManifest } from "./manifest.js";
import type { Means } from "./means.js";
import { minorOf } from "./means.js";
import { filesBelow, findPiece, writePieces } from "./pieces.js";
import { tar } from "./tar.js";

/** What is to be packed, and where. */
export interface PackRequest {
  /** Absolute folder of the pack. */
  readonly folder: string;
  /** Null: as the folder has it, else what this machine calls for. */
  readonly flavour: Flavour | null;
  /** Python of the other machine (`3.11`); null: as the folder has it, else this machine's. */
  readonly python: string | null;
  /** What to carry, beside what the folder was asked for before. */
  readonly asked: Omit<Asked, "parts"> & {
    /** Null: as the folder has it, else the usual ones. */
    readonly parts: readonly string[] | null;
  };
  /** Most bytes of a part; null: {@link PART_SIZE}, and parts that are there stay as they are. */
  readonly partSize: number | null;
}

/** What became of an item. */
export interface PackedOutcome {
  readonly name: string;
  readonly what: string;
  readonly bytes: number;
  readonly parts: number;
  /** True where it was in the folder already. */
  readonly kept: boolean;
}

/** Bytes of a part where no size is asked for. */
const PART_SIZE = 1_000_000_000;

/**
 * Packs r4ec, TensorFlow and what else is asked for into a folder. Items that are whole in the folder
 * stay, so that a call that was interrupted goes on. Throws a UserError: no network, no space, or a
 * folder with a pack for other machines.
 */
export async function pack(request: PackRequest, means: Means): Promise<readonly PackedOutcome[]> {
  const { folder } = request;
  if (!platformName().startsWith("linux-")) {
    throw new UserError(`a pack is made on Linux, for Linux; this is ${platformName()}`);
  }
  await openFolder(folder);
  const lock = await waitForLock(path.join(folder, ".pack.lock"), "pack", {
    ...(means.signal === undefined ? {} : { signal: means.signal }),
  });
  try {
    const before = await readManifest(path.join(folder, MANIFEST));
    const header = await headerOf(request, before);
    const asked = await askedFor(request);
    const task = taskOf(header, means);
    await copyFile(packageFile(`src/pack/${INSTALLER}`), path.join(folder, INSTALLER));
    await chmod(path.join(folder, INSTALLER), 0o755);
    const contents = await contentsOf(asked, task, means);
    const items: PackedItem[] = [];
    const save = (complete: boolean): Promise<void> => {
      // What a former call packed stays listed until its turn comes.
      const later = (before?.items ?? []).filter(
        ({ name }) =>
          contents.some((one) => one.name === name) && !items.some((i) => i.name === name),
      );
      return writeManifest(folder, { ...header, complete, items: [...items, ...later] });
    };
    await save(false);
    const outcomes: PackedOutcome[] = [];
    for (const content of contents) {
      means.signal?.throwIfAborted();
      const old = before?.items.find(({ name }) => name === content.name);
      const kept = await keptItem(content, old, request);
      const item = kept ?? (await packItem(content, folder, request.partSize ?? PART_SIZE, means));
      items.push(item);
      await save(false);
      await content.cleanUp?.();
      const bytes = item.pieces.reduce((sum, { size }) => sum + size, 0);
      const { name, what, pieces } = item;
      outcomes.push({ name, what, bytes, parts: pieces.length, kept: kept !== null });
    }
    await save(true);
    await removeOthers(folder, items);
    return outcomes;
  } finally {
    await lock.release();
  }
}

/** What the pack is for: as asked, and as the folder has it. */
async function headerOf(
  { folder, flavour, python }: PackRequest,
  before: Manifest | null,
): Promise<Omit<Manifest, "items" | "complete">> {
  const header = {
    format: 1 as const,
    r4ec: packageVersion(),
    platform: platformName(),
    flavour: flavour ?? before?.flavour ?? (await wantedFlavour()),
    python: python ?? before?.python ?? minorOf(need(await findPython()).version),
  };
  for (const key of ["platform", "flavour", "python"] as const) {
    if (before !== null && before[key] !== header[key]) {
      const name = key === "python" ? "Python" : key;
      throw new UserError(
        `${folder} holds a pack for the ${name} ${before[key]}, not ${header[key]}: name another folder`,
      );
    }
  }
  return header;
}

/** What is asked for, now and before, kept for the next call. */
async function askedFor({ folder, asked }: PackRequest): Promise<Asked> {
  const file = path.join(folder, ASKED);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  });
  const before = text === null ? null : (JSON.parse(text) as Asked);
  const all = joined(before ?? { parts: [], supplies: {}, node: false }, {
    ...asked,
    parts: asked.parts ?? (before === null ? [TRACKING.part] : []),
  });
  await writeDurable(file, `${JSON.stringify(all)}\n`);
  return all;
}

const together = (a: readonly string[] = [], b: readonly string[] = []): readonly string[] => [
  ...new Set([...a, ...b]),
];

const joined = (a: Asked, b: Asked): Asked => ({
  parts: together(a.parts, b.parts),
  node: a.node || b.node,
  supplies: Object.fromEntries(
    together(Object.keys(a.supplies), Object.keys(b.supplies)).map((option) => [
      option,
      together(a.supplies[option], b.supplies[option]),
    ]),
  ),
});

function taskOf(
  { flavour, python }: Pick<Manifest, "flavour" | "python">,
  { toolchain, say, signal }: Means,
): PackTask {
  return {
    context: { toolchain, offline: false, signal },
    flavour,
    target: { python, processor: process.arch },
    speaker: (name, title) => new Speaker(name, title, say),
  };
}

/** All that the pack is to hold, in the order in which it is packed and installed. */
async function contentsOf(asked: Asked, task: PackTask, means: Means): Promise<readonly Content[]> {
  const plans = means.environments.filter(({ part }) => asked.parts.includes(part));
  const contents = [
    await projectContent(),
    ...(asked.node ? [nodeContent()] : []),
    tensorflowContent(task),
    ...(plans.length > 0 ? [uvContent(task)] : []),
  ];
  for (const plan of plans) contents.push(await environmentContent(plan, task));
  for (const supply of means.supplies) {
    for (const name of asked.supplies[supply.option] ?? []) {
      contents.push(await supplyContent(supply, name, gatherTaskOf(supply, task, means)));
    }
  }
  const names = contents.map(({ name }) => name);
  const twice = contents.find(({ name }, n) => names.indexOf(name) !== n);
  if (twice !== undefined) {
    throw new UserError(
      `the pack cannot hold two of ${twice.what}: name it once, or take another folder`,
    );
  }
  return contents;
}

const gatherTaskOf = (
  { option }: Supply,
  { context, speaker }: PackTask,
  { downloads, environments, signal }: Means,
): GatherTask => ({
  downloads,
  folder: process.cwd(),
  signal,
  say: (text) => speaker(option, option).line(text),
  environment: async (part) => {
    const plan = environments.find((one) => one.part === part)!;
    return need(await installEnvironment(plan, context, speaker(part, plan.title))).folder;
  },
});

/** The item as the folder has it, where it is what is asked for and all of its pieces are whole; else null. */
async function keptItem(
  content: Content,
  old: PackedItem | undefined,
  { folder, partSize }: PackRequest,
): Promise<PackedItem | null> {
  if (old === undefined || old.key !== content.key || old.recipe !== content.recipe) return null;
  if (old.pieces.some(({ size }) => size > (partSize ?? Infinity))) return null;
  const files = await filesBelow(folder);
  for (const piece of old.pieces) {
    if ((await findPiece(piece, files)).state !== "whole") return null;
  }
  return old;
}

async function packItem(
  content: Content,
  folder: string,
  most: number,
  { say, signal }: Means,
): Promise<PackedItem> {
  const entries = await content.gather();
  const speaker = new Speaker(content.name, content.what, say);
  let done = 0;
  const pieces = await speaker.during(
    "packing",
    () => {
      const file = `${content.name}.tar${content.gzip ? ".gz" : ""}`;
      const write = (bytes: AsyncIterable<Buffer>) =>
        writePieces(bytes, folder, file, most, (count) => (done += count));
      const options = signal === undefined ? {} : { signal };
      return content.gzip
        ? pipeline(tar(entries), createGzip({ level: 6 }), write, options)
        : pipeline(tar(entries), write, options);
    },
    (seconds) => byteProgress(done, null, seconds),
  );
  // Written out: the manifest holds data alone.
  const { name, kind, what, key, recipe, supply, files, gzip } = content;
  const more = {
    ...(recipe === undefined ? {} : { recipe }),
    ...(supply === undefined ? {} : { supply }),
    ...(files === undefined ? {} : { files }),
  };
  return { name, kind, what, key, ...more, gzip, pieces };
}

/** Removes parts that no item has any more, and what an interrupted call left. */
async function removeOthers(folder: string, items: readonly PackedItem[]): Promise<void> {
  const ours = new Set(items.flatMap(({ pieces }) => pieces.map(({ file }) => file)));
  for (const name of [MANIFEST, SUMS, INSTALLER]) ours.add(name);
  for (const name of await readdir(folder)) {
    if (/\.tar(?:\.gz)?\.\d{3,}$/u.test(name) && !ours.has(name)) await rm(path.join(folder, name));
  }
}
