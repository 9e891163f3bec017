import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa, type ExecaError } from "execa";
import { unzipSync } from "fflate";
import { ExitCode, UserError } from "../../src/exit.js";
import { Drained, type StopSignal } from "../../src/runner.js";
import type { ReadTask } from "./source.js";

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
  await mkdir(task.downloads, { recursive: true });
  const path = join(task.downloads, wheel.file);
  let bytes = await wholeWheel(path, wheel);
  if (bytes === undefined) {
    await download(wheel, path, task);
    bytes = await wholeWheel(path, wheel);
    if (bytes === undefined) throw new UserError(`${path} vanished while it was read`);
    task.note("info", notice);
  }
  const content = unzipSync(bytes, { filter: (entry) => entry.name === member })[member];
  if (content === undefined) throw new Error(`${wheel.file} holds no ${member}`);
  const folder = join(task.downloads, `${wheel.name}-${wheel.version}`);
  await mkdir(folder, { recursive: true });
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

async function download(
  wheel: Wheel,
  path: string,
  task: Pick<ReadTask, "downloads" | "stop">,
): Promise<void> {
  const wanted = `${wheel.name} ${wheel.version}`;
  if (isOffline()) {
    throw failure(
      `offline, and ${wheel.file} is not in ${task.downloads}`,
      `fetch it once with: pip download --no-deps ${wheel.name}==${wheel.version} --dest ${task.downloads}`,
    );
  }
  const folder = await mkdtemp(join(task.downloads, ".fetch-"));
  try {
    await pipDownload(wheel, folder, task.stop);
    const fetched = join(folder, wheel.file);
    const bytes = await readFile(fetched).catch(() => undefined);
    if (bytes === undefined) throw failure(`pip fetched ${wanted}, but not as ${wheel.file}`);
    const found = sha256(bytes);
    if (found !== wheel.sha256) {
      throw failure(
        `${wheel.file} as pip fetched it has sha256 ${found}, not ${wheel.sha256}`,
        "the package index serves another file, or the download was damaged: try again",
      );
    }
    await rename(fetched, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The ways pip can be called, the likeliest first. */
const pips: readonly (readonly [string, ...string[]])[] = [
  ["python3", "-m", "pip"],
  ["pip3"],
  ["python", "-m", "pip"],
  ["pip"],
];

async function pipDownload(wheel: Wheel, folder: string, stop: StopSignal): Promise<void> {
  const what = `${wheel.name}==${wheel.version}`;
  for (const [program, ...first] of pips) {
    try {
      await execa(
        program,
        [
          ...first,
          "download",
          "--no-deps",
          "--only-binary=:all:",
          "--quiet",
          "--dest",
          folder,
          what,
        ],
        { stdin: "ignore", all: true, cancelSignal: stop.abort },
      );
      return;
    } catch (error) {
      const failed = error as ExecaError;
      const output = typeof failed.all === "string" ? failed.all : "";
      if (failed.code === "ENOENT" || output.includes("No module named pip")) continue;
      // A terminal's Ctrl-C reaches pip too.
      if (stop.draining || stop.abort.aborted) throw new Drained();
      throw failure(
        `pip could not fetch ${what}:\n${output.split("\n").slice(-5).join("\n")}`,
        "check the network and pip's configuration (pip config list), or give dataset.path",
      );
    }
  }
  throw failure(
    `ml-100k comes from PyPI's ${what}, and there is no pip to fetch it with`,
    "install Python 3 with pip, or give dataset.path: a folder with u.data and u.item",
  );
}

const isOffline = (): boolean => {
  const value = process.env["R4EC_OFFLINE"]?.toLowerCase();
  return value !== undefined && !["", "0", "false", "no"].includes(value);
};

const failure = (message: string, hint?: string): UserError =>
  new UserError(message, {
    exitCode: ExitCode.environment,
    ...(hint === undefined ? {} : { hint }),
  });

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
