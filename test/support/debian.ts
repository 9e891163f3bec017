import { existsSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";

/** Milliseconds that packages of Debian may take to install. */
export const INSTALL_TIMEOUT = 10 * 60_000;

/**
 * The path of a program that a test needs: the machine's own, or one of Debian's packages, which are installed
 * where root runs the tests.
 *
 * @param names of the program; the first that is there is taken
 * @param purpose for the error where there is none: `a browser, in which tests look at pages`
 */
export async function debianProgram(
  names: readonly string[],
  packages: readonly string[],
  purpose: string,
): Promise<string> {
  const there = find(names);
  if (there !== undefined) return there;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // Another test may be installing.
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  const install = [...wait, "install", "--yes", "--no-install-recommends", ...packages];
  const first = await execa("apt-get", install, { env, reject: false });
  let said = first.stderr;
  if (first.exitCode !== 0) {
    await execa("apt-get", [...wait, "update"], { env, reject: false });
    said = (await execa("apt-get", install, { env, reject: false })).stderr;
  }
  const installed = find(names);
  if (installed === undefined) throw new Error(`install ${purpose}: ${said}`);
  return installed;
}

const find = (names: readonly string[]): string | undefined =>
  names
    .flatMap((name) =>
      (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, name)),
    )
    .find(existsSync);
