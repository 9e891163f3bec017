import { open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { draftOf } from "./draft.js";
import { ExitCode, UserError } from "./exit.js";
import { openFolder } from "./folder.js";

/*
 * yauzl reads the archive and checks the lengths of its members. What it leaves to its caller stands
 * here: checksums, links, permissions, and names that any system would take for a place elsewhere.
 */

/** A file of a zip archive. */
export interface ZipMember {
  /** Path inside the archive, with `/` between folders. */
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Permissions (0o755); 0 where the archive does not say. */
  readonly mode: number;
  /** The member as yauzl knows it. */
  readonly entry: Entry;
}

/** A zip archive (a wheel is one) whose list of files has been read and found harmless. */
export interface Zip {
  /** Path of the archive. */
  readonly file: string;
  /** Its files in the archive's order, without folders. */
  readonly members: readonly ZipMember[];
}

/**
 * Opens a zip archive.
 *
 * @throws UserError where it is damaged, or where the name of any file in it would lead out of the
 * folder that it is unpacked into, or where it holds a link
 */
export async function openZip(file: string): Promise<Zip> {
  const members: ZipMember[] = [];
  try {
    const archive = await openArchive(file);
    try {
      for await (const entry of archive.eachEntry()) {
        const name = entry.fileNameRaw.toString("utf8");
        // The upper half of the attributes is the file's mode on a Unix system, else 0.
        const mode = entry.externalFileAttributes >>> 16;
        const kind = kindOf(name, mode);
        const reason = kind === "other" ? "is a link or a device" : whyUnsafe(name);
        if (reason !== null) throw refused(file, name, reason);
        if (!entry.canDecodeFileData()) throw new ZipDamage(`${name} is packed in an unknown way`);
        const size = entry.uncompressedSize;
        if (kind === "file") members.push({ name, size, mode: mode & 0o777, entry });
      }
    } finally {
      archive.close();
    }
  } catch (error) {
    throw told(file, error);
  }
  return { file, members };
}

/** Names are taken as bytes: yauzl would refuse or mend some of them before {@link whyUnsafe} sees them. */
async function openArchive(file: string): Promise<ZipFile> {
  const { default: yauzl } = await import("yauzl");
  return yauzl.openPromise(file, { autoClose: false, lazyEntries: true, decodeStrings: false });
}

function kindOf(name: string, mode: number): "file" | "folder" | "other" {
  const type = mode & 0o170000;
  if (type !== 0 && type !== 0o100000 && type !== 0o040000) return "other";
  return name.endsWith("/") || type === 0o040000 ? "folder" : "file";
}

/**
 * Why a file of an archive may not be unpacked under its name; null where it may. A name is refused on
 * every system if it leads out of the folder on any: `C:x` and `a\b` mean something else on Windows.
 */
export function whyUnsafe(name: string): string | null {
  if (name === "" || name.includes("\0")) return "has no proper name";
  if (name.includes("\\")) return "has a backslash in its name";
  if (/^[a-z]:/iu.test(name)) return "names a drive";
  if (name.startsWith("/")) return "has an absolute name";
  if (name.split("/").includes("..")) return "has .. in its name";
  return null;
}

/** The content of a file of the archive, in pieces; its length and its checksum (CRC-32) are checked. */
export async function* contentOf(zip: Zip, member: ZipMember): AsyncGenerator<Buffer> {
  let sum = 0;
  try {
    const archive = await openArchive(zip.file);
    try {
      for await (const piece of await archive.openReadStreamPromise(member.entry)) {
        sum = crc32(piece as Buffer, sum);
        yield piece as Buffer;
      }
    } finally {
      archive.close();
    }
    if (sum !== member.entry.crc32) {
      throw new ZipDamage(`${member.name} is not what its checksum says`);
    }
  } catch (error) {
    throw told(zip.file, error);
  }
}

/** The content of a file of the archive as a whole. */
export async function readMember(zip: Zip, member: ZipMember): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of contentOf(zip, member)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Unpacks files of an archive below a folder, under their names and with their permissions. A file
 * that is there with the right size stays; one that is written appears only when it is complete.
 *
 * @param onBytes called with the number of bytes that have just been written or found
 */
export async function extract(
  zip: Zip,
  wanted: readonly ZipMember[],
  folder: string,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const member of wanted) {
    signal?.throwIfAborted();
    const target = path.join(folder, ...member.name.split("/"));
    const there = await stat(target).catch(() => null);
    if (there?.size === member.size) {
      onBytes(member.size);
      continue;
    }
    await openFolder(path.dirname(target));
    const draft = draftOf(target);
    const sink = await open(draft, "w", 0o644);
    try {
      for await (const piece of contentOf(zip, member)) {
        await sink.writeFile(piece);
        onBytes(piece.length);
        signal?.throwIfAborted();
      }
      if (member.mode !== 0) await sink.chmod(member.mode);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    } finally {
      await sink.close();
    }
    await rename(draft, target);
  }
}

/** What is wrong with the bytes of an archive. */
class ZipDamage extends Error {}

const refused = (file: string, name: string, reason: string): UserError =>
  new UserError(`${file}: the member ${JSON.stringify(name)} ${reason}; nothing was unpacked`, {
    exitCode: ExitCode.environment,
    hint: "an archive like this is not to be trusted: find out where it comes from",
  });

/**
 * An error of unpacking as the user should see it. What yauzl and zlib find wrong with the bytes is a plain
 * error; one of the disk has a code of its own.
 */
function told(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && !/^Z_/u.test(code)) return error;
  return new UserError(`${file} is damaged (${message})`, {
    exitCode: ExitCode.environment,
    hint: "remove it, so that it is fetched again",
  });
}
