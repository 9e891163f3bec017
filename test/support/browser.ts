import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { debianProgram, INSTALL_TIMEOUT } from "./debian.js";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/** Milliseconds that Debian's package may take to install. */
export const BROWSER_TIMEOUT = INSTALL_TIMEOUT;

/** A real browser: the machine's Chromium, or Debian's package, which is installed where root runs the tests. */
export async function openBrowser(): Promise<Browser> {
  const purpose = "Chromium, in which tests look at pages";
  return chromium.launch({
    executablePath: await debianProgram(PROGRAMS, ["chromium"], purpose),
    args: ["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}
