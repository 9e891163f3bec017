import { readdirSync, readlinkSync } from "node:fs";

/** Processes whose working folder lies in a folder. */
export const runningIn = (folder: string): readonly string[] =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/u.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
