import { readdir } from "node:fs/promises";
import { isErrno } from "./errno.js";

/** A version of a package on PyPI. */
export interface PythonPackage {
  /** Written in any of the ways that PyPI takes for the same (PEP 503). */
  readonly name: string;
  readonly version: string;
}

/** A package's name as PyPI compares it (PEP 503). */
export const normalisedName = (name: string): string => name.toLowerCase().replace(/[-_.]+/gu, "-");

/**
 * The name of the file of a package's wheel in a folder (`my_package-1.0-py3-none-any.whl`, PEP
 * 427); undefined where there is none, or no folder.
 *
 * @param platform pip's name of the platform that it must be made for; empty: any
 */
export async function wheelIn(
  folder: string,
  { name, version }: PythonPackage,
  platform = "",
): Promise<string | undefined> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  return names.find((file) => {
    const [distribution = "", found] = file.split("-");
    if (!file.endsWith(`${platform}.whl`) || found !== version) return false;
    return normalisedName(distribution) === normalisedName(name);
  });
}

/**
 * Environment variables for every call of pip. The user's own configuration (index, proxy, cert)
 * stays in force. r4ec fetches and installs into folders of its own only: settings that are meant for
 * the user's site must not interfere.
 */
export const PIP_ENVIRONMENT = {
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_INPUT: "1",
  PIP_USER: "0",
  PIP_REQUIRE_VIRTUALENV: "0",
  PIP_PROGRESS_BAR: "off",
} as const;
