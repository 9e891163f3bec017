import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/**
 * Vectors kept as they come, in a folder that outlives kills and that several processes may share:
 * each appends to two files of its own, `.f32` with the numbers and `.keys` with a line per vector,
 * its key and the checksum of its numbers. A vector that is not there whole, or not as it was
 * written, is passed over and made again.
 */
export class VectorLog {
  private readonly vectors = new Map<string, Float32Array>();
  private files: { readonly keys: number; readonly numbers: number } | null = null;

  /**
   * Opens a folder, made where it is missing.
   *
   * @param wanted keys to read; a model may have been asked for many more than one stage needs
   */
  constructor(
    private readonly folder: string,
    private readonly wanted: { has(key: string): boolean },
  ) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith(".keys")) this.read(path.join(folder, name.slice(0, -".keys".length)));
    }
  }

  get(key: string): Float32Array | undefined {
    return this.vectors.get(key);
  }

  get size(): number {
    return this.vectors.size;
  }

  /** Keeps vectors, all of one length. */
  add(entries: readonly (readonly [key: string, vector: Float32Array])[]): void {
    const dimension = entries[0]?.[1].length;
    if (dimension === undefined) return;
    this.files ??= this.create(dimension);
    const numbers = new Float32Array(entries.length * dimension);
    entries.forEach(([, vector], row) => numbers.set(vector, row * dimension));
    writeSync(this.files.numbers, new Uint8Array(numbers.buffer));
    writeSync(
      this.files.keys,
      entries.map(([key, vector]) => `${key} ${checksum(bytesOf(vector))}\n`).join(""),
    );
    for (const [key, vector] of entries) this.vectors.set(key, vector);
  }

  close(): void {
    if (this.files === null) return;
    fsyncSync(this.files.numbers);
    fsyncSync(this.files.keys);
    closeSync(this.files.numbers);
    closeSync(this.files.keys);
    this.files = null;
  }

  private create(dimension: number): { keys: number; numbers: number } {
    const name = path.join(
      this.folder,
      `${Date.now()}-${randomBytes(6).toString("hex")}-${dimension}`,
    );
    return { numbers: openSync(`${name}.f32`, "wx"), keys: openSync(`${name}.keys`, "wx") };
  }

  private read(name: string): void {
    const dimension = Number(name.slice(name.lastIndexOf("-") + 1));
    if (!Number.isInteger(dimension) || dimension < 1 || !existsSync(`${name}.f32`)) return;
    const bytes = readFileSync(`${name}.f32`);
    const size = 4 * dimension;
    const lines = readFileSync(`${name}.keys`, "utf8").split("\n").slice(0, -1);
    for (const [row, line] of lines.entries()) {
      const [key, sum] = line.split(" ") as [string, string | undefined];
      if (!this.wanted.has(key)) continue;
      const own = bytes.subarray(row * size, (row + 1) * size);
      if (own.length < size || checksum(own) !== sum) continue;
      // A copy of its own: typed arrays need an aligned start.
      this.vectors.set(key, new Float32Array(Uint8Array.from(own).buffer));
    }
  }
}

const bytesOf = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

const checksum = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);
