import { createHash, hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";

/** Files up to this size are quicker read here than by another thread. */
const SMALL = 1 << 20;

interface HashedFile {
  readonly sha256: string;
  readonly size: number;
  readonly stat: BigIntStats;
}

/** sha256 and size of a file; where asked, its content is made durable by the same handle. */
export async function hashFile(
  file: string,
  options: { sync?: boolean } = {},
): Promise<HashedFile> {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info?.isFile() === true && info.size <= SMALL) return hashSmall(file, options.sync === true);
  const handle = await open(file, "r");
  try {
    const sum = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1 << 20);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      sum.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    if (options.sync === true) await handle.sync();
    return { sha256: sum.digest("hex"), size, stat: await handle.stat({ bigint: true }) };
  } finally {
    await handle.close();
  }
}

function hashSmall(file: string, sync: boolean): HashedFile {
  const descriptor = openSync(file, "r");
  try {
    const content = readFileSync(descriptor);
    if (sync) fsyncSync(descriptor);
    const stat = fstatSync(descriptor, { bigint: true });
    return { sha256: hash("sha256", content), size: content.length, stat };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * What the file system reports about a file. As long as it is the same, the content is the same. It
 * includes the time of change (ctime), which no program can set.
 */
export const stampOf = (stat: BigIntStats): string =>
  [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino].join(":");
