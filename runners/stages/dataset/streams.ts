import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip, type ZlibOptions } from "node:zlib";
import { ExitCode, UserError } from "../../../src/base/exit.js";

/** Where in a file a reader is, for progress: bytes of the file itself, not of what it unpacks to. */
export interface ReadPosition {
  done: number;
  total: number;
}

const pieceSize = 1 << 18;

/**
 * The bytes of a file in pieces, unpacked if it starts like a gzip file. Reading and unpacking run
 * in libuv's threads and a few pieces ahead, so that they overlap with the caller's parsing.
 * Throws a UserError for a file that is missing, unreadable, damaged or cut off.
 */
export async function* readPieces(path: string, position?: ReadPosition): AsyncGenerator<Buffer> {
  const packed = await startsLikeGzip(path, position);
  const file = createReadStream(path, { highWaterMark: pieceSize });
  // Node's documentation of streams has the second option, its types don't.
  const options: ZlibOptions & { readableHighWaterMark: number } = {
    chunkSize: pieceSize,
    readableHighWaterMark: 4 * pieceSize,
  };
  const stream = packed ? file.pipe(createGunzip(options)) : file;
  // A failing file does not end what it is piped into by itself.
  if (stream !== file) file.on("error", (error) => stream.destroy(error));
  try {
    for await (const piece of stream) {
      if (position !== undefined) position.done = file.bytesRead;
      yield piece as Buffer;
    }
  } catch (error) {
    throw readError(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
    stream.destroy();
  }
}

async function startsLikeGzip(path: string, position?: ReadPosition): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (position !== undefined) position.total = size;
      const start = Buffer.alloc(2);
      const { bytesRead } = await file.read(start, 0, 2, 0);
      if (bytesRead === 0) throw new UserError(`${path} is empty`);
      const packed = bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
      if (!packed && path.endsWith(".gz")) {
        throw new UserError(`${path} is not a gzip file: it starts with other bytes`);
      }
      return packed;
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
      return new UserError(`${path} is a folder; a file is wanted`);
    case "EACCES":
      return new UserError(`${path}: no permission to read it`);
    case "Z_BUF_ERROR":
      return new UserError(`${path} is cut off: the gzip data ends too early; fetch it again`);
    case "Z_DATA_ERROR":
      return new UserError(`${path} is damaged (${error.message}); fetch it again`);
    case "EIO":
      return new UserError(`${path}: ${error.message}`, { exitCode: ExitCode.environment });
    default:
      return error;
  }
}
