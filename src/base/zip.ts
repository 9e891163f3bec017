import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { crc32, createInflateRaw } from "node:zlib";
import { draftOf } from "./draft.js";
import { ExitCode, UserError } from "./exit.js";
import { openFolder } from "./folder.js";
import type { ZipMember } from "./zip-directory.js";
import { readMembers } from "./zip-directory.js";

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
  const handle = await open(file, "r");
  try {
    const members = await readMembers(handle);
    for (const { name, kind } of members) {
      const reason = kind === "other" ? "is a link or a device" : whyUnsafe(name);
      if (reason !== null) throw refused(file, name, reason);
    }
    return { file, members: members.filter(({ kind }) => kind === "file") };
  } catch (error) {
    throw told(file, error);
  } finally {
    await handle.close();
  }
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
  let bytes = 0;
  try {
    for await (const piece of unpacked(zip.file, member)) {
      bytes += piece.length;
      // An archive that lies about sizes must not fill the disk.
      if (bytes > member.size) break;
      sum = crc32(piece, sum);
      yield piece;
    }
    if (bytes !== member.size || sum !== member.crc) {
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

async function* unpacked(file: string, member: ZipMember): AsyncGenerator<Buffer> {
  if (member.packed === 0) return;
  const handle = await open(file, "r");
  let start: number;
  try {
    start = await member.start(handle);
  } finally {
    await handle.close();
  }
  const raw = createReadStream(file, { start, end: start + member.packed - 1 });
  const stream = member.deflated ? raw.pipe(createInflateRaw()) : raw;
  // A failing file does not end what it is piped into by itself.
  if (stream !== raw) raw.on("error", (error) => stream.destroy(error));
  try {
    for await (const piece of stream) yield piece as Buffer;
  } finally {
    raw.destroy();
    stream.destroy();
  }
}

const refused = (file: string, name: string, reason: string): UserError =>
  new UserError(`${file}: the member ${JSON.stringify(name)} ${reason}; nothing was unpacked`, {
    exitCode: ExitCode.environment,
    hint: "an archive like this is not to be trusted: find out where it comes from",
  });

/** An error of unpacking as the user should see it. */
function told(file: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const damaged =
    error instanceof ZipDamage || error instanceof RangeError || /^Z_/u.test(code ?? "");
  if (!damaged) return error;
  return new UserError(`${file} is damaged (${message})`, {
    exitCode: ExitCode.environment,
    hint: "remove it, so that it is fetched again",
  });
}
