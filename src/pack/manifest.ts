import { readFile } from "node:fs/promises";
import path from "node:path";
import { writeDurable } from "../base/durable.js";
import { isErrno } from "../base/errno.js";
import { UserError } from "../base/exit.js";
import type { Flavour } from "../toolchain/flavour.js";

/** Name of the script that unpacks r4ec itself where there is none. */
export const INSTALLER = "install.sh";

/** Name of the list of contents in a pack's folder. */
export const MANIFEST = "manifest.json";

/** Checksums of all parts, as sha256sum reads them. */
export const SUMS = "SHA256SUMS";

/** One file of a pack: a piece of an item's tar archive. */
export interface Piece {
  /** File name, without a folder: a part may lie anywhere below the pack's folder. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** What an item holds, and so how it is installed. */
export type ItemKind = "r4ec" | "node" | "uv" | "tensorflow" | "environment" | "supply";

/** Something that a pack carries: one tar archive, cut into pieces. */
export interface PackedItem {
  /** `tensorflow`, `tracking`, `data-my-set`: the beginning of its pieces' names. */
  readonly name: string;
  readonly kind: ItemKind;
  /** For people: `TensorFlow 2.21.0 (cpu)`. */
  readonly what: string;
  /** Changes with what it is made from: an item with the same key is not packed again. */
  readonly key: string;
  /** Of a part of the toolchain: its recipe. The machine must look for the same one. */
  readonly recipe?: string;
  /** Of a supply: its option and the place where its files belong. */
  readonly supply?: { readonly option: string; readonly place: string };
  /** Of a supply: size in bytes of each file, by its path in that place. */
  readonly files?: { readonly [file: string]: number };
  /** Whether the tar archive is packed by gzip. */
  readonly gzip: boolean;
  readonly pieces: readonly Piece[];
}

/** Name of the file that keeps what was asked for; it is not carried: it may name folders of this machine. */
export const ASKED = ".asked.json";

/** What a pack is to hold: kept in its folder, so that a later call goes on. */
export interface Asked {
  /** Python environments, by the names of their parts. */
  readonly parts: readonly string[];
  /** Supplies by option: `models` to the names given. */
  readonly supplies: { readonly [option: string]: readonly string[] };
  readonly node: boolean;
}

/** A pack's list of contents. */
export interface Manifest {
  readonly format: 1;
  /** Version of the r4ec that made it. */
  readonly r4ec: string;
  /** `linux-x64` */
  readonly platform: string;
  readonly flavour: Flavour;
  /** Python that the wheels are for: `3.11`. */
  readonly python: string;
  /** False until all that was asked for is in it. */
  readonly complete: boolean;
  readonly items: readonly PackedItem[];
}

/** Reads a pack's manifest; null where there is none. Throws a UserError where it is none of ours. */
export async function readManifest(file: string): Promise<Manifest | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
  const manifest = parsed(text);
  if (!isManifest(manifest)) {
    throw new UserError(
      `${file} is not the list of contents of a pack, or it is cut: copy it again`,
    );
  }
  return manifest;
}

/** Writes the manifest and the checksums beside it; each appears whole. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const pieces = manifest.items.flatMap((item) => item.pieces);
  const sums = pieces.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join("");
  await writeDurable(path.join(folder, SUMS), sums);
  await writeDurable(path.join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isName = (value: unknown): boolean =>
  typeof value === "string" && /^[A-Za-z0-9_][A-Za-z0-9._+@=-]*$/u.test(value);

function isManifest(value: unknown): value is Manifest {
  const manifest = value as Manifest | null;
  if (typeof manifest !== "object" || manifest === null || manifest.format !== 1) return false;
  const { items, platform, flavour, python } = manifest;
  return (
    Array.isArray(items) &&
    [platform, flavour, python].every(isName) &&
    (items as readonly PackedItem[]).every(
      ({ name, kind, pieces }) =>
        isName(name) &&
        typeof kind === "string" &&
        Array.isArray(pieces) &&
        (pieces as readonly Piece[]).every(
          ({ file, size, sha256 }) =>
            isName(file) && Number.isSafeInteger(size) && /^[0-9a-f]{64}$/u.test(sha256),
        ),
    )
  );
}
