import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../base/exit.js";

/*
 * A tar archive in the form of POSIX.1-2001 (pax), which every tar of the last twenty years reads. Only
 * plain files, without owner: nothing of the machine that writes it stands in it.
 */

/** A file of an archive. */
export interface TarEntry {
  /** Path in the archive, with `/` between folders. */
  readonly name: string;
  /** Absolute path of the file; a link is followed. */
  readonly file: string;
}

const BLOCK = 512;

/** The bytes of an archive of these files. Throws a UserError where a file changes meanwhile. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const { name, file } of entries) {
    const info = await stat(file, { bigint: true });
    const size = Number(info.size);
    const mode = (info.mode & 0o111n) === 0n ? 0o644 : 0o755;
    // To the nanosecond: whether a program must be compiled again is told by these times.
    const whole = info.mtimeNs / 1_000_000_000n;
    const rest = String(info.mtimeNs % 1_000_000_000n).padStart(9, "0");
    const more = Buffer.from(
      record("path", name) + record("size", String(size)) + record("mtime", `${whole}.${rest}`),
    );
    yield header("pax", more.length, 0o644, 0, "x");
    yield padded(more);
    yield header(name, size, mode, Number(whole), "0");
    let written = 0;
    for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 })) {
      written += (bytes as Buffer).length;
      yield bytes as Buffer;
    }
    if (written !== size) throw new UserError(`${file} changed while it was packed: pack again`);
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** A pax record: its own length in bytes, name and value. */
function record(name: string, value: string): string {
  const rest = Buffer.byteLength(` ${name}=${value}\n`);
  let length = rest + String(rest).length;
  // The length counts its own digits.
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${name}=${value}\n`;
}

function header(name: string, size: number, mode: number, mtime: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, "0"), at, length - 1, "latin1");
  };
  // What does not fit here stands in the records before it.
  block.write(name, 0, 100, "utf8");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size < 8 ** 11 ? size : 0, 124, 12);
  octal(mtime, 136, 12);
  block.write("        ", 148, 8, "latin1");
  block.write(type, 156, 1, "latin1");
  block.write("ustar\u000000", 257, 8, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
