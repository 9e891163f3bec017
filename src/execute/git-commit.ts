import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The commit that the git repository around a folder stands at; null where there is none, or no git. */
export const gitCommitOf = (folder: string): Promise<string | null> =>
  promisify(execFile)("git", ["-C", folder, "rev-parse", "HEAD"], { timeout: 5000 }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
