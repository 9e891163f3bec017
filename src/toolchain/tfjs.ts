import { rm } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import { openFolder } from "../base/folder.js";
import { findPackage, wantedVersion } from "../base/package.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { writeDurable } from "../base/durable.js";
import { broken, failedProgram, offline } from "./failure.js";
import type { InstallContext } from "./install-context.js";
import { findNpm } from "./npm.js";
import { runProgram } from "./program.js";
import type { Speaker } from "./setup-progress.js";

/**
 * The npm package that drives TensorFlow from Node. Its install script downloads a TensorFlow of 2021, and
 * npm runs it for whoever installs r4ec as a package. So r4ec names it as an optional peer, which npm leaves
 * out there, and fetches it without its script. A clone has it already (.npmrc turns install scripts off).
 */
export const TFJS = "@tensorflow/tfjs-node-gpu";

/** Folder of the package: among r4ec's own, else beside the binding in `folder`; null: it is missing. */
export const findTfjs = (folder: string): string | null =>
  findPackage(TFJS, path.join(folder, "package.json"));

/** Fetches the package into `folder` where it is missing, and gives its folder. */
export async function installTfjs(
  folder: string,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<string, UserError>> {
  const there = findTfjs(folder);
  if (there !== null) return ok(there);
  const wanted = `${TFJS}@${wantedVersion(TFJS)}`;
  if (context.offline) return err(offline(wanted));
  await openFolder(folder);
  // npm installs into the nearest folder that has a manifest. What a former attempt left may be half.
  await rm(path.join(folder, "node_modules"), { recursive: true, force: true });
  await writeDurable(path.join(folder, "package.json"), '{"private":true}\n');
  const { program, first } = findNpm();
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
  const outcome = await speaker.during(`fetching ${wanted}`, () =>
    runProgram(program, [...first, "install", ...options, wanted], {
      cwd: folder,
      signal: context.signal,
    }),
  );
  if (outcome.missing) return err(broken("npm is not there", "install npm, which Node brings"));
  if (!outcome.ok) return err(failedProgram(`npm could not fetch ${wanted}`, outcome));
  const found = findTfjs(folder);
  return found === null ? err(broken(`npm did not put ${wanted} into ${folder}`)) : ok(found);
}
