import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip, type ZlibOptions } from "node:zlib";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import { zstdStream, ZSTD_START } from "./zstd.js";
import { MARK_BYTES, startsWithMark } from "../../base/files/byte-order-mark.js";

/**
 * The position in a file, for progress: in bytes of the file itself, not of the unpacked content.
 */
export interface ReadPosition {
  done: number;
  total: number;
}

const pieceSize = 1 << 18;

/**
 * The bytes of a file in pieces, unpacked if it starts like a gzip or a zstd file, without a UTF-8 byte order
 * mark at the start. Reading and unpacking run in libuv's threads and a few pieces ahead, so that
 * they overlap with the caller's parsing. Throws a UserError for a file that is missing, unreadable,
 * damaged or cut off, and for one in UTF-16.
 */
export async function* readPieces(path: string, position?: ReadPosition): AsyncGenerator<Buffer> {
  const packed = await packingOf(path, position);
  const file = createReadStream(path, { highWaterMark: pieceSize });
  // Node's documentation of streams has the second option, its types don't.
  const options: ZlibOptions & { readableHighWaterMark: number } = {
    chunkSize: pieceSize,
    readableHighWaterMark: 4 * pieceSize,
  };
  const stream =
    packed === "zstd"
      ? zstdStream(path, file)
      : packed === "gzip"
        ? file.pipe(createGunzip(options))
        : file;
  // A failing file does not end what it is piped into by itself.
  if (stream !== file) file.on("error", (error) => stream.destroy(error));
  try {
    let start: Buffer | undefined = Buffer.alloc(0);
    for await (const piece of stream) {
      if (position !== undefined) position.done = file.bytesRead;
      if (start === undefined) {
        yield piece as Buffer;
        continue;
      }
      // A piece may be shorter than a byte order mark.
      start = Buffer.concat([start, piece as Buffer]);
      if (start.length < MARK_BYTES) continue;
      yield withoutByteOrderMark(path, start);
      start = undefined;
    }
    if (start !== undefined && start.length > 0) yield withoutByteOrderMark(path, start);
  } catch (error) {
    throw readError(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
    stream.destroy();
  }
}

function withoutByteOrderMark(path: string, start: Buffer): Buffer {
  const utf16 =
    (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  if (utf16) throw new UserError(`${path}:1: the file is in UTF-16; save it as UTF-8`);
  return startsWithMark(start) ? start.subarray(MARK_BYTES) : start;
}

/** How a file is packed, by its first bytes; its size is noted in `position`. */
async function packingOf(path: string, position?: ReadPosition): Promise<"gzip" | "zstd" | "none"> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (position !== undefined) position.total = size;
      const start = Buffer.alloc(4);
      const { bytesRead } = await file.read(start, 0, 4, 0);
      if (bytesRead === 0) throw new UserError(`${path} is empty`);
      const packing =
        bytesRead >= 2 && start[0] === 0x1f && start[1] === 0x8b
          ? "gzip"
          : bytesRead === 4 && start.readUInt32LE() === ZSTD_START
            ? "zstd"
            : "none";
      for (const [ending, wanted] of [
        [".gz", "gzip"],
        [".zst", "zstd"],
      ] as const) {
        if (path.endsWith(ending) && packing !== wanted)
          throw new UserError(`${path} is not a ${wanted} file: it starts with other bytes`);
      }
      return packing;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error as NodeJS.ErrnoException);
  }
}

function readError(path: string, error: NodeJS.ErrnoException): unknown {
  if (error instanceof UserError) return error;
  switch (error.code) {
    case "ENOENT":
      return new UserError(`${path}: there is no such file`);
    case "EISDIR":
      return new UserError(`${path} is a folder; give a file`);
    case "EACCES":
      return new UserError(`${path}: no permission to read it`);
    case "Z_BUF_ERROR":
      return new UserError(
        `${path} is not complete: the gzip data ends too early; fetch the file again`,
      );
    case "Z_DATA_ERROR":
      return new UserError(`${path} is damaged (${error.message}); fetch the file again`);
    case "EIO":
      return new UserError(`${path}: ${error.message}`, { exitCode: ExitCode.environment });
    default:
      return error;
  }
}
