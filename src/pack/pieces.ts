import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { draftOf } from "../base/draft.js";
import { hashFile } from "../base/hash.js";
import type { Piece } from "./manifest.js";

/**
 * Writes bytes as files of at most `most` bytes each: NAME.001, NAME.002, ... A file appears when it is
 * complete; nothing is written for what an archive has not.
 */
export async function writePieces(
  bytes: AsyncIterable<Buffer>,
  folder: string,
  name: string,
  most: number,
  onBytes: (count: number) => void,
): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  let open: OpenPiece | null = null;
  try {
    for await (const chunk of bytes) {
      let rest = chunk;
      while (rest.length > 0) {
        open ??= await OpenPiece.create(folder, name, pieces.length + 1);
        const part = rest.subarray(0, most - open.size);
        await open.write(part);
        onBytes(part.length);
        rest = rest.subarray(part.length);
        if (open.size === most) {
          pieces.push(await open.close());
          open = null;
        }
      }
    }
    if (open !== null) pieces.push(await open.close());
  } catch (error) {
    await open?.discard();
    throw error;
  }
  return pieces;
}

class OpenPiece {
  size = 0;
  private readonly hash: Hash = createHash("sha256");
  private constructor(
    private readonly file: string,
    private readonly draft: string,
    private readonly handle: FileHandle,
  ) {}

  static async create(folder: string, name: string, number: number): Promise<OpenPiece> {
    const file = path.join(folder, `${name}.${String(number).padStart(3, "0")}`);
    const draft = draftOf(file);
    return new OpenPiece(file, draft, await open(draft, "wx"));
  }

  async write(bytes: Buffer): Promise<void> {
    this.hash.update(bytes);
    this.size += bytes.length;
    await this.handle.writeFile(bytes);
  }

  async close(): Promise<Piece> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.draft, this.file);
    return { file: path.basename(this.file), size: this.size, sha256: this.hash.digest("hex") };
  }

  async discard(): Promise<void> {
    await this.handle.close();
    await rm(this.draft, { force: true });
  }
}

/** Absolute paths of the files in a folder and the folders below it, by name: a name may be there twice. */
export async function filesBelow(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    found.set(entry.name, [...(found.get(entry.name) ?? []), file]);
  }
  return found;
}

/** A piece as it was found: its file, or what is wrong. */
export type FoundPiece =
  | { readonly state: "whole"; readonly file: string }
  | { readonly state: "missing" }
  | { readonly state: "bad"; readonly file: string; readonly why: string };

/** Looks for a whole file of a piece among those of its name. */
export async function findPiece(
  piece: Piece,
  files: ReadonlyMap<string, readonly string[]>,
): Promise<FoundPiece> {
  let bad: FoundPiece = { state: "missing" };
  for (const file of files.get(piece.file) ?? []) {
    const size = (await stat(file).catch(() => null))?.size;
    if (size === undefined) continue;
    if (size !== piece.size) {
      const how = size < piece.size ? "cut" : "too long";
      bad = { state: "bad", file, why: `${how}: ${size} of ${piece.size} bytes` };
      continue;
    }
    const { sha256 } = await hashFile(file);
    if (sha256 === piece.sha256) return { state: "whole", file };
    bad = { state: "bad", file, why: `damaged: its sha256 is ${sha256}, not ${piece.sha256}` };
  }
  return bad;
}

/** The content of files, one after the other. */
export async function* contentOf(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 })) {
      yield bytes as Buffer;
    }
  }
}
