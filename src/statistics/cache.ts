import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import type { CellInfluences, Influence } from "../contract/statistics.js";
import type { Store } from "../store/index.js";
import { draftOf } from "../base/draft.js";
import { openFolder } from "../base/folder.js";

/** What stands before the numbers in a file of influences. */
interface Head {
  readonly format: 1;
  readonly samples: string;
  /** sha256 of all numbers. */
  readonly sha256: string;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number;
    readonly leftOut: number;
    /** K */
    readonly count: number;
  }[];
}

/**
 * File of a cell's influences in the store. It is worth keeping as long as the cell's last stage is;
 * `version` is that of the science's statistics.
 */
export const influenceFile = (store: Store, fingerprint: Fingerprint, version: number): string =>
  path.join(store.statisticsFolder(fingerprint), `${fingerprint}.${version}.bin`);

/** Reads influences that {@link writeInfluences} wrote; null where there are none that are whole. */
export async function readInfluences(file: string): Promise<CellInfluences | null> {
  try {
    const bytes = await readFile(file);
    const length = bytes.readUInt32LE(0);
    const head = JSON.parse(bytes.toString("utf8", 4, 4 + length)) as Head;
    const body = bytes.subarray(4 + length);
    if (head.format !== 1 || sha256(body) !== head.sha256) return null;
    let at = 0;
    const take = (size: number): ArrayBuffer => {
      // Copied: a view of float64 has to start at a multiple of 8.
      const part = new Uint8Array(body.subarray(at, (at += size))).buffer;
      return part;
    };
    const metrics = head.metrics.map(({ name, value, leftOut, count }): [string, Influence] => [
      name,
      {
        value,
        leftOut,
        units: new Int32Array(take(4 * count)),
        phi: new Float64Array(take(8 * count)),
      },
    ]);
    return { samples: head.samples, metrics: Object.fromEntries(metrics) };
  } catch {
    return null;
  }
}

/** Keeps influences for the next comparison; a store that cannot be written keeps none. */
export async function writeInfluences(
  file: string,
  { samples, metrics }: CellInfluences,
): Promise<void> {
  const parts = Object.values(metrics).flatMap(({ units, phi }) => [bytesOf(units), bytesOf(phi)]);
  const body = Buffer.concat(parts);
  const head: Head = {
    format: 1,
    samples,
    sha256: sha256(body),
    metrics: Object.entries(metrics).map(([name, { value, leftOut, units }]) => ({
      name,
      value,
      leftOut,
      count: units.length,
    })),
  };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const draft = draftOf(file);
  try {
    await openFolder(path.dirname(file));
    await writeFile(draft, Buffer.concat([length, text, body]));
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

const bytesOf = (array: Int32Array | Float64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
