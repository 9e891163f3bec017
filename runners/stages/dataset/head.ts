import { closeSync, openSync, readSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";

const HEAD_BYTES = 1 << 18;

/** The first bytes of a file, unpacked if they are gzip. */
export function headOf(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return unpacked(bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0)));
  } finally {
    closeSync(file);
  }
}

/** Gzip's content, as far as it goes where it is cut off; other bytes as they are. */
export function unpacked(bytes: Buffer): Buffer {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return packed ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
}
