import { createHash } from "node:crypto";
import { readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { readFile, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import { isErrno } from "../base/errno.js";
import { syncFolder, writeDurable } from "../base/durable.js";
import { draftState } from "../base/draft.js";
import { hashFile, stampOf } from "../base/hash.js";
import type { ArtifactFile, Manifest } from "./manifest.js";
import { MANIFEST_FILE, parseManifest } from "./manifest.js";
import { FolderStamps, unchanged } from "./witness.js";

/** Beside the manifest: stamps of the files as they were when their checksums were last right. */
const SEAL_FILE = ".seal";

/** An artifact as it was found: sound, absent, or damaged and why. */
export type Inspection =
  | { readonly state: "sound"; readonly manifest: Manifest }
  | { readonly state: "absent" }
  | {
      readonly state: "damaged";
      readonly reason: string;
      /** Set where this alone is wrong: files, relative to the folder, that its stage did not write. */
      readonly strangers?: readonly string[];
    };

type Seal = { readonly [path: string]: string };

/**
 * Looks at an artifact. Every file must be there in its size, and no other one but those whose names
 * begin with a dot: a program may read an artifact by what it finds there. Contents are checked by sha256
 * wherever a file's stamp (size, times, inode) differs from the one under which it was last right,
 * so that an artifact nobody touched costs a few stat calls and one that was touched is read. Where a
 * {@link Witness} of it is known and still holds, nothing else is looked at.
 * `thorough` reads every byte whatever the stamps say.
 */
export async function inspectArtifact(
  folder: string,
  fingerprint: Fingerprint,
  options: { thorough?: boolean } = {},
): Promise<Inspection> {
  const before = options.thorough === true ? null : unchanged(folder);
  if (before !== null) return { state: "sound", manifest: before };
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return { state: "absent" };
  const seen = new FolderStamps(folder);
  let text: string;
  try {
    text = await readFile(path.join(folder, MANIFEST_FILE), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      const there = await stat(folder).catch(() => null);
      if (there === null) return { state: "absent" };
      return { state: "damaged", reason: "it has no manifest" };
    }
    if (isErrno(error, "EISDIR", "ENOTDIR")) return { state: "damaged", reason: "it is no folder" };
    throw error;
  }
  const manifest = parseManifest(text, fingerprint);
  if (typeof manifest === "string") return { state: "damaged", reason: manifest };
  const seal = options.thorough === true ? {} : await readSeal(folder, text);
  const stamps: { [path: string]: string } = {};
  let changed = false;
  for (const file of manifest.files) {
    const full = path.join(folder, file.path);
    const info = await stat(full, { bigint: true }).catch(() => null);
    if (info === null || !info.isFile()) return damaged(file, "is missing");
    if (info.size !== BigInt(file.size)) {
      return damaged(file, `has ${info.size} bytes where ${file.size} were written`);
    }
    if (seal[file.path] === stampOf(info)) {
      stamps[file.path] = stampOf(info);
      continue;
    }
    changed = true;
    const found = await hashFile(full);
    if (found.sha256 !== file.sha256) return damaged(file, "does not have its checksum");
    stamps[file.path] = stampOf(found.stat);
  }
  const strangers = await strangersIn(folder, manifest, seen);
  if (strangers.length > 0) {
    const more = strangers.length === 1 ? "" : ` and ${strangers.length - 1} more`;
    const reason = `${strangers[0]}${more} lies in it and is not in its manifest`;
    return { state: "damaged", reason, strangers };
  }
  // A seal that is written now changes the folder: its next look finds the witness.
  if (changed) await writeSeal(folder, text, stamps);
  else seen.witness(manifest, stamps);
  return { state: "sound", manifest };
}

/** Files of a folder that are not the manifest's, in order. No program reads hidden files. */
async function strangersIn(
  folder: string,
  { files }: Manifest,
  seen: FolderStamps,
): Promise<string[]> {
  const known = new Set<string>([MANIFEST_FILE, ...files.map((file) => file.path)]);
  const strangers: string[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) {
        // A kill while the seal was written left it; nothing reads it.
        if (draftState(entry.name) === "dead")
          await rm(path.join(folder, below, entry.name), { force: true }).catch(() => undefined);
        continue;
      }
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        seen.see(relative);
        await visit(relative);
      } else if (!known.has(relative)) strangers.push(relative);
    }
  };
  await visit("");
  return strangers.sort();
}

const damaged = (file: ArtifactFile, how: string): Inspection => ({
  state: "damaged",
  reason: `${file.path} ${how}`,
});

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

async function readSeal(folder: string, manifestText: string): Promise<Seal> {
  try {
    const text = await readFile(path.join(folder, SEAL_FILE), "utf8");
    const seal = JSON.parse(text) as { manifest: string; stamps: Seal };
    return seal.manifest === sha256Of(manifestText) ? seal.stamps : {};
  } catch {
    return {};
  }
}

const sealText = (manifestText: string, stamps: Seal): string =>
  JSON.stringify({ manifest: sha256Of(manifestText), stamps });

async function writeSeal(folder: string, manifestText: string, stamps: Seal): Promise<void> {
  // Without it the next look reads the files once more; nothing else depends on it.
  await writeDurable(path.join(folder, SEAL_FILE), sealText(manifestText, stamps)).catch(
    () => undefined,
  );
}

/**
 * Seals the files of a folder that were just checksummed and that is in nobody's use yet. It is not synced: a
 * seal that a crash takes or tears is as none.
 */
export function sealArtifact(folder: string, manifestText: string, stamps: Seal): void {
  writeFileSync(path.join(folder, SEAL_FILE), sealText(manifestText, stamps));
}

/**
 * Checksums and syncs every file below a folder, and its folders. Links and special files are
 * errors: an artifact is made of plain files.
 */
export async function sealFiles(folder: string): Promise<{ files: ArtifactFile[]; stamps: Seal }> {
  const files: ArtifactFile[] = [];
  const stamps: { [path: string]: string } = {};
  const visit = async (below: string): Promise<void> => {
    const entries = readdirSync(path.join(folder, below), { withFileTypes: true });
    for (const entry of entries) {
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        await visit(relative);
      } else if (!entry.isFile()) {
        throw new Error(`${relative} is neither a file nor a folder: it cannot be in an artifact`);
      } else if (relative === MANIFEST_FILE || relative === SEAL_FILE) {
        throw new Error(`${relative} is a name that the store uses itself`);
      } else {
        const found = await hashFile(path.join(folder, relative), { sync: true });
        files.push({ path: relative, sha256: found.sha256, size: found.size });
        stamps[relative] = stampOf(found.stat);
      }
    }
    if (below !== "") await syncFolder(path.join(folder, below));
  };
  await visit("");
  return { files, stamps };
}

/** Removes a folder with all it holds. */
export async function removeFolder(folder: string): Promise<void> {
  // Most hold nothing.
  let isGone = true;
  try {
    rmdirSync(folder);
  } catch (error) {
    isGone = isErrno(error, "ENOENT");
  }
  if (!isGone) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
