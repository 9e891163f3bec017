import { appendFile, readFile } from "node:fs/promises";
import { writeDurable } from "../base/durable.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Store } from "./store.js";
import type { Witness } from "./witness.js";
import { keepWitness, parseWitness, witnessIn, witnessLine } from "./witness.js";

const FLUSH_MILLISECONDS = 500;

/**
 * Witnesses of a sweep's artifacts in a file, so that a later command asks the file system a few questions in
 * place of reading each artifact. It is a memory alone: what it lacks, and what is no longer so, is looked at
 * as if there were no file.
 */
export class SeenFile {
  #lines = "";
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    private readonly store: Pick<Store, "artifactFolder">,
    private readonly known: ReadonlyMap<Fingerprint, Witness>,
    private readonly lines: number,
  ) {}

  /** Recalls what a file holds. Nothing where it is not there or cannot be read. */
  static async recall(file: string, store: Pick<Store, "artifactFolder">): Promise<SeenFile> {
    const text = await readFile(file, "utf8").catch(() => "");
    const known = new Map<Fingerprint, Witness>();
    let lines = 0;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      lines += 1;
      const read = parseWitness(line);
      if (read === null) continue;
      known.set(read.fingerprint, read.witness);
      keepWitness(store.artifactFolder(read.fingerprint), read.witness);
    }
    return new SeenFile(file, store, known, lines);
  }

  /** Adds the line of an artifact's witness. */
  add(line: string): void {
    this.#lines += line;
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MILLISECONDS).unref();
  }

  /**
   * Adds the witnesses that this process has of a sweep's artifacts and the file lacks. Where more of the file is
   * old than not, it is written anew.
   */
  async keep(fingerprints: Iterable<Fingerprint>): Promise<void> {
    let all = 0;
    const lacking: string[] = [];
    const folders = [...fingerprints].map((one) => [one, this.store.artifactFolder(one)] as const);
    for (const [fingerprint, folder] of folders) {
      const witness = witnessIn(folder);
      if (witness === undefined) continue;
      all += 1;
      if (witness !== this.known.get(fingerprint)) lacking.push(folder);
    }
    if (this.lines + lacking.length <= 2 * all) {
      for (const folder of lacking) this.add(witnessLine(folder)!);
      return;
    }
    let text = "";
    for (const [, folder] of folders) text += witnessLine(folder) ?? "";
    await writeDurable(this.file, text).catch(() => undefined);
  }

  #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const text = this.#lines;
    this.#lines = "";
    // Where the disk refuses it, the next run looks at more.
    if (text !== "")
      this.#writing = this.#writing.then(() => appendFile(this.file, text).catch(() => undefined));
    return this.#writing;
  }

  /** Writes what was added. */
  close(): Promise<void> {
    return this.#flush();
  }
}
