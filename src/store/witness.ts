import type { BigIntStats } from "node:fs";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import { stampOf } from "../base/hash.js";
import type { Json } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import { formatSummed, parseSummed } from "../base/summed-line.js";
import type { Manifest } from "./manifest.js";
import { FORMAT, MANIFEST_FILE } from "./manifest.js";

/**
 * What the file system said of a sound artifact: the stamps of its folders, its manifest and its files. A file
 * that is changed, and a folder in which something is made, removed or renamed, has another time of change
 * (ctime), which no program can set. So as long as every stamp is the same the artifact is sound, and
 * nothing of it needs to be read.
 */
export interface Witness {
  readonly manifest: Manifest;
  /** By path relative to the artifact's folder; "" is that folder. */
  readonly stamps: { readonly [path: string]: string };
}

/** Stamps of files as they were when their contents were checked. */
type FileStamps = { readonly [path: string]: string };

/** Raised when older lines could not be read rightly. */
const VERSION = 1;

/** Of this process, by the artifact's folder. */
const witnesses = new Map<string, Witness>();

/** Keeps a witness for this process. */
export const keepWitness = (folder: string, witness: Witness): void =>
  void witnesses.set(folder, witness);

/** Whether this process has a witness of any artifact. */
export const hasWitnesses = (): boolean => witnesses.size > 0;

/** The witness that this process has of an artifact. */
export const witnessIn = (folder: string): Witness | undefined => witnesses.get(folder);

/** The manifest of an artifact that is as its witness saw it; null: there is none, or it is not so. */
export function unchanged(folder: string): Manifest | null {
  const witness = witnesses.get(folder);
  if (witness === undefined) return null;
  for (const [name, stamp] of Object.entries(witness.stamps)) {
    const file = name === "" ? folder : `${folder}${path.sep}${name}`;
    const info = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (info === undefined || stampOf(info) !== stamp) {
      witnesses.delete(folder);
      return null;
    }
  }
  return witness.manifest;
}

/** The line of an artifact's witness for a file; null where there is none. */
export function witnessLine(folder: string): string | null {
  const witness = witnesses.get(folder);
  if (witness === undefined) return null;
  const { manifest, stamps } = witness;
  return formatSummed([VERSION, manifest.fingerprint, stamps, manifest as unknown as Json]);
}

/** {@link witnessLine} of a witness that this process needs no longer. */
export function takeWitness(folder: string): string | null {
  const line = witnessLine(folder);
  witnesses.delete(folder);
  return line;
}

/** The witness of a line, and whose it is; null for a line that is torn, damaged or of another version. */
export function parseWitness(
  line: string,
): { readonly fingerprint: Fingerprint; readonly witness: Witness } | null {
  const value = parseSummed(line);
  if (!Array.isArray(value)) return null;
  const [version, fingerprint, stamps, manifest] = value as unknown[];
  if (version !== VERSION || !isJsonObject(stamps) || !isJsonObject(manifest)) return null;
  if (manifest["format"] !== FORMAT || manifest["fingerprint"] !== fingerprint) return null;
  return {
    fingerprint: fingerprint as Fingerprint,
    witness: { manifest: manifest as unknown as Manifest, stamps: stamps as Witness["stamps"] },
  };
}

/** Stamps of an artifact's folders and its manifest, taken before anything in them is read. */
export class FolderStamps {
  readonly #stamps: { [path: string]: string } = {};

  constructor(private readonly folder: string) {
    this.see("");
    this.see(MANIFEST_FILE);
  }

  /** Takes the stamp of a folder below, or of the manifest. */
  see(name: string): void {
    const info: BigIntStats | undefined = statSync(path.join(this.folder, name), {
      bigint: true,
      throwIfNoEntry: false,
    });
    this.#stamps[name] = info === undefined ? "" : stampOf(info);
  }

  /** The artifact was found sound, its files under these stamps. */
  witness(manifest: Manifest, files: FileStamps): void {
    keepWitness(this.folder, { manifest, stamps: { ...this.#stamps, ...files } });
  }
}

/**
 * Keeps the witness of an artifact that was just put in its place, unless more lies in its folder than its
 * manifest names.
 */
export function witnessPublished(folder: string, manifest: Manifest, files: FileStamps): void {
  const seen = new FolderStamps(folder);
  const known = new Set([MANIFEST_FILE, ...manifest.files.map((file) => file.path)]);
  const isOurs = (below: string): boolean =>
    readdirSync(path.join(folder, below), { withFileTypes: true }).every((entry) => {
      if (entry.name.startsWith(".")) return true;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (!entry.isDirectory()) return known.has(name);
      seen.see(name);
      return isOurs(name);
    });
  if (isOurs("")) seen.witness(manifest, files);
}
