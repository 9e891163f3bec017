import { access, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Diagnosis } from "./diagnosis.js";
import { PACKAGE_ROOT, packageFile } from "../base/package.js";
import { runProgram } from "../toolchain/program.js";

const OLDEST_NODE = [20, 19] as const;

/** Whether this Node is new enough. */
export function examineNode(): Diagnosis {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fine = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    ...{ name: "node", needed: true, state: fine ? "ok" : "failed" },
    detail: `Node ${process.versions.node} at ${process.execPath}`,
    mend: fine ? null : `install Node ${OLDEST_NODE.join(".")} or newer`,
  };
}

/** Whether the npm packages are those of package-lock.json, which an r4ec that npm installed does not have. */
export async function examinePackages(): Promise<Diagnosis> {
  const file = packageFile("scripts/bootstrap.mjs");
  const { packagesAreThere } = (await import(pathToFileURL(file).href)) as {
    packagesAreThere(): boolean | null;
  };
  const found = packagesAreThere();
  const details = { true: "as", false: "not those that", null: "installed by npm beside r4ec, as" };
  const asked = found === null ? "package.json" : "package-lock.json";
  return {
    ...{ name: "npm-packages", needed: true, state: found === false ? "failed" : "ok" },
    detail: `${details[`${found}`]} ${asked} asks for`,
    mend: found === false ? `npm ci (in ${PACKAGE_ROOT})` : null,
  };
}

/** Whether a folder, or the nearest one above it that exists, can be written and has room. */
export async function examineFolder(
  name: string,
  folder: string,
  wanted: number,
): Promise<Diagnosis> {
  let existing = path.resolve(folder);
  while (!(await isThere(existing)) && path.dirname(existing) !== existing) {
    existing = path.dirname(existing);
  }
  const setting = name === "store" ? "R4EC_STORE" : "R4EC_TOOLCHAIN";
  const mend = `repair its permissions or its disk, or name another folder with ${setting}`;
  let probe: string | undefined;
  try {
    probe = await mkdtemp(path.join(existing, ".r4ec-doctor-"));
    await writeFile(path.join(probe, "probe"), "r4ec");
  } catch (error) {
    const detail = `${folder} cannot be written: ${(error as Error).message}`;
    return { name, needed: true, state: "failed", detail, mend };
  } finally {
    if (probe !== undefined) await rm(probe, { recursive: true, force: true });
  }
  const disk = await statfs(existing);
  const free = disk.bavail * disk.bsize;
  const detail = `${folder}, ${(free / 1e9).toFixed(1)} GB free`;
  if (free < wanted) {
    const room = `make room: ${(wanted / 1e9).toFixed(0)} GB are needed`;
    return { name, needed: true, state: "warning", detail, mend: room };
  }
  return { name, needed: true, state: "ok", detail, mend: null };
}

const isThere = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  );

/** Whether Slurm's commands are here. */
export async function examineSlurm(): Promise<Diagnosis> {
  const outcome = await runProgram("sbatch", ["--version"], { timeout: 20_000 });
  const version = outcome.stdout.trim();
  return {
    ...{ name: "slurm", needed: false, state: "ok" },
    detail: outcome.ok ? version : "not here (no sbatch); stages run on this machine",
    mend: null,
  };
}
