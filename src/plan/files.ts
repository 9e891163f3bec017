import { open, readFile, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import path from "node:path";
import { ExitCode, UserError } from "../base/exit.js";
import { hashFile, stampOf } from "../base/hash.js";
import { isErrno } from "../base/errno.js";
import { makeFolder } from "../base/durable.js";
import { formatSummed, parseSummed } from "../base/summed-line.js";

/**
 * sha256 of the users' files. What was hashed once is remembered in the store by path and stamp
 * (size, times, inode), so that planning does not read gigabytes again.
 */
export class FileHashes {
  #known: Map<string, { stamp: string; sha256: string }> | null = null;
  readonly #asked = new Map<string, Promise<string>>();
  readonly #cacheFile: string;

  constructor(store: string) {
    this.#cacheFile = path.join(store, "cache", "files.ndjson");
  }

  /** sha256 of a file. Throws a UserError where it cannot be read. */
  hash(file: string): Promise<string> {
    let answer = this.#asked.get(file);
    if (answer === undefined) {
      answer = this.#find(file);
      this.#asked.set(file, answer);
    }
    return answer;
  }

  async #find(file: string): Promise<string> {
    const info = await stat(file, { bigint: true }).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    if (!info.isFile()) throw unreadable(file, new Error("it is not a file"));
    this.#known ??= await this.#load();
    const known = this.#known.get(file);
    if (known !== undefined && known.stamp === stampOf(info)) return known.sha256;
    const found = await hashFile(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    if (stampOf(found.stat) !== stampOf(info)) {
      throw unreadable(file, new Error("it changes while r4ec reads it"));
    }
    await this.#remember(file, stampOf(info), found.sha256);
    return found.sha256;
  }

  async #load(): Promise<Map<string, { stamp: string; sha256: string }>> {
    const known = new Map<string, { stamp: string; sha256: string }>();
    const text = await readFile(this.#cacheFile, "utf8").catch((error: unknown) => {
      if (isErrno(error, "ENOENT")) return "";
      throw error;
    });
    for (const line of text.split("\n")) {
      const entry = parseSummed(line) as [path: string, stamp: string, sha256: string] | null;
      if (entry !== null) known.set(entry[0], { stamp: entry[1], sha256: entry[2] });
    }
    return known;
  }

  async #remember(file: string, stamp: string, sha256: string): Promise<void> {
    try {
      await makeFolder(path.dirname(this.#cacheFile));
      // Small appends of several processes do not mix; a line cut off by a crash is passed over.
      const handle = await open(this.#cacheFile, "a");
      await handle.appendFile(formatSummed([file, stamp, sha256]));
      await handle.close();
    } catch {
      // A store that cannot be written to only costs the hashing again: `plan` must still work.
    }
  }
}

/** The same where some files may not be there, so that the fingerprints above them are of no use but for an estimate. */
export const orAbsent = (files: Pick<FileHashes, "hash">): Pick<FileHashes, "hash"> => ({
  hash: async (file) =>
    (await stat(file).catch(() => null)) === null
      ? createHash("sha256").update(`absent ${file}`).digest("hex")
      : files.hash(file),
});

const unreadable = (file: string, cause: unknown): UserError =>
  new UserError(`cannot read the file ${file}: ${(cause as Error).message}`, {
    exitCode: ExitCode.usage,
    hint: "check the path in the spec; paths there are relative to the spec's folder",
    cause,
  });
