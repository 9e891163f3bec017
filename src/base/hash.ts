import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";

/** sha256 and size of a file; where asked, its content is made durable by the same handle. */
export async function hashFile(
  file: string,
  options: { sync?: boolean } = {},
): Promise<{ sha256: string; size: number; stat: BigIntStats }> {
  const handle = await open(file, "r");
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1 << 20);
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    if (options.sync === true) await handle.sync();
    return { sha256: hash.digest("hex"), size, stat: await handle.stat({ bigint: true }) };
  } finally {
    await handle.close();
  }
}

/**
 * What the file system reports about a file. As long as it is the same, the content is the same. It
 * includes the time of change (ctime), which no program can set.
 */
export const stampOf = (stat: BigIntStats): string =>
  [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino].join(":");
