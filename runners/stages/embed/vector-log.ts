import { createHash } from "node:crypto";
import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Keyed, RecordForm } from "../../base/files/keyed-log.js";
import { KeyedLog } from "../../base/files/keyed-log.js";
import { bytesOf } from "../../base/files/numbers.js";

/**
 * Vectors of one length in two files: `.f32` with their numbers, and `.keys` with a line for each
 * vector: its key, the checksum of its numbers, and its place among the vectors that were kept together,
 * such as `3/32`. The length is the end of the files' name. The numbers are written first, and a vector whose
 * checksum is not right is passed over.
 *
 * Vectors that were made together are read all or not at all: where only some are there (the disk was
 * full), the others would be made again beside other texts, and many encoders then give numbers that
 * differ in the last digits.
 */
const keysAndNumbers: RecordForm<Float32Array> = {
  ending: ".keys",
  create: (base, { length }) =>
    [".f32", ".keys"].map((ending) => openSync(`${base}-${length}${ending}`, "wx")),
  write([numbers, keys], records) {
    writeSync(numbers!, Buffer.concat(records.map(([, vector]) => bytesOf(vector))));
    const lines = records.map(
      ([key, vector], i) => `${key} ${checksum(bytesOf(vector))} ${i + 1}/${records.length}\n`,
    );
    writeSync(keys!, lines.join(""));
  },
  *read(base, wanted) {
    const length = Number(base.slice(base.lastIndexOf("-") + 1));
    if (!Number.isInteger(length) || length < 1 || !existsSync(`${base}.f32`)) return;
    const bytes = readFileSync(`${base}.f32`);
    const size = 4 * length;
    // A line without an end was torn by a kill.
    const lines = readFileSync(`${base}.keys`, "utf8").split("\n").slice(0, -1);
    const vectorOf = (row: number): Uint8Array => bytes.subarray(row * size, (row + 1) * size);
    for (const batch of batchesOf(lines)) {
      if (!batch.some(({ key }) => wanted(key))) continue;
      if (!batch.every(({ row, sum }) => checksum(vectorOf(row)) === sum)) continue;
      for (const { row, key } of batch) {
        // A copy of its own: typed arrays need an aligned start.
        if (wanted(key)) yield [key, new Float32Array(Uint8Array.from(vectorOf(row)).buffer)];
      }
    }
  },
};

/** A line of `.keys`; the row counts lines and vectors alike. */
interface Line {
  readonly row: number;
  readonly key: string;
  readonly sum: string;
}

/** Lines that were kept together, where all of them are there. A line without a place stands alone. */
function batchesOf(lines: readonly string[]): readonly (readonly Line[])[] {
  const batches: Line[][] = [];
  let open: Line[] = [];
  for (const [row, line] of lines.entries()) {
    const [key = "", sum = "", places = "1/1"] = line.split(" ");
    const [place, size] = places.split("/").map(Number);
    if (place === 1) open = [];
    open.push({ row, key, sum });
    if (place === size && open.length === size) batches.push(open);
  }
  return batches;
}

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
