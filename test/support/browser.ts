import { existsSync } from "node:fs";
import { execa } from "execa";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Milliseconds that Debian's package may take to install. */
export const BROWSER_TIMEOUT = 10 * 60_000;

/** A real browser: the machine's Chromium, or Debian's package, which is installed where root runs the tests. */
export async function openBrowser(): Promise<Browser> {
  if (!PROGRAMS.some(existsSync)) await install();
  const executablePath = PROGRAMS.find(existsSync);
  if (executablePath === undefined) throw new Error(`no browser: none of ${PROGRAMS.join(", ")}`);
  return chromium.launch({
    executablePath,
    args: ["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

async function install(): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const chosen = ["install", "--yes", "--no-install-recommends", "chromium"];
  const first = await execa("apt-get", chosen, { env, reject: false });
  if (first.exitCode === 0) return;
  await execa("apt-get", ["update"], { env, reject: false });
  const { exitCode, stderr } = await execa("apt-get", chosen, { env, reject: false });
  if (exitCode !== 0) throw new Error(`install Chromium, in which tests look at pages: ${stderr}`);
}
