import { createHash } from "node:crypto";
import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Keyed, RecordForm } from "../../base/files/keyed-log.js";
import { KeyedLog } from "../../base/files/keyed-log.js";
import { bytesOf } from "../../base/files/numbers.js";

/**
 * Vectors of one length in two files: `.f32` with their numbers, and `.keys` with a line for each
 * vector, its key and the checksum of its numbers. The length is the end of the files' name. The
 * numbers are written first, and a vector whose checksum is not right is passed over.
 */
const keysAndNumbers: RecordForm<Float32Array> = {
  ending: ".keys",
  create: (base, { length }) =>
    [".f32", ".keys"].map((ending) => openSync(`${base}-${length}${ending}`, "wx")),
  write([numbers, keys], records) {
    writeSync(numbers!, Buffer.concat(records.map(([, vector]) => bytesOf(vector))));
    const lines = records.map(([key, vector]) => `${key} ${checksum(bytesOf(vector))}\n`);
    writeSync(keys!, lines.join(""));
  },
  *read(base, wanted) {
    const length = Number(base.slice(base.lastIndexOf("-") + 1));
    if (!Number.isInteger(length) || length < 1 || !existsSync(`${base}.f32`)) return;
    const bytes = readFileSync(`${base}.f32`);
    const size = 4 * length;
    // A line without an end was torn by a kill.
    const lines = readFileSync(`${base}.keys`, "utf8").split("\n").slice(0, -1);
    for (const [row, line] of lines.entries()) {
      const [key, sum] = line.split(" ") as [string, string | undefined];
      if (!wanted(key)) continue;
      const own = bytes.subarray(row * size, (row + 1) * size);
      if (own.length < size || checksum(own) !== sum) continue;
      // A copy of its own: typed arrays need an aligned start.
      yield [key, new Float32Array(Uint8Array.from(own).buffer)];
    }
  },
};

const checksum = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Vectors of texts by one model with its options, kept as they come. */
export class VectorLog extends KeyedLog<Float32Array> {
  /** @param wanted keys to read */
  constructor(folder: string, wanted: { has(key: string): boolean }) {
    super(folder, keysAndNumbers, (key) => wanted.has(key));
  }

  /** Keeps vectors, all of the length of the first one that this log has kept. */
  add(vectors: readonly Keyed<Float32Array>[]): void {
    this.append(vectors);
  }
}
