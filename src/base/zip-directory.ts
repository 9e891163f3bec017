import type { FileHandle } from "node:fs/promises";

/** A member of a zip archive, as the archive's directory at its end lists it. */
export interface ZipMember {
  /** Path inside the archive, with `/` between folders. */
  readonly name: string;
  /** `other`: a link, a device, or anything else that is neither a file nor a folder. */
  readonly kind: "file" | "folder" | "other";
  /** Bytes, unpacked and packed. */
  readonly size: number;
  readonly packed: number;
  readonly deflated: boolean;
  /** CRC-32 of the content. */
  readonly crc: number;
  /** Permissions (0o755); 0 where the archive does not say. */
  readonly mode: number;
  /** Where its packed bytes begin: behind a header of its own. */
  start(archive: FileHandle): Promise<number>;
}

/**
 * Reads the directory of a zip archive (PKWARE's APPNOTE 6.3, sections 4.3.12 to 4.3.16), of more than
 * 4 GB too (zip64).
 *
 * @throws RangeError where the bytes are no such directory
 */
export async function readMembers(archive: FileHandle): Promise<ZipMember[]> {
  const { size } = await archive.stat();
  const { count, offset, length } = await findDirectory(archive, size);
  if (offset + length > size) throw new RangeError("its directory is cut off");
  const bytes = await readAt(archive, offset, length);
  const members: ZipMember[] = [];
  for (let at = 0; members.length < count;) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw new RangeError("its directory is broken");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      bytes.readUInt16LE(at + field),
    ) as [number, number, number];
    const header = bytes.subarray(at, (at += 46));
    const name = bytes.subarray(at, (at += nameLength));
    const extra = bytes.subarray(at, (at += extraLength));
    at += commentLength;
    if (at > bytes.length) throw new RangeError("its directory is broken");
    members.push(memberOf(header, name, extra));
  }
  return members;
}

/** The member that an entry of the directory describes. */
function memberOf(header: Buffer, nameBytes: Buffer, extra: Buffer): ZipMember {
  const name = nameBytes.toString("utf8");
  const method = header.readUInt16LE(10);
  if ((header.readUInt16LE(8) & 1) !== 0) throw new RangeError(`${name} is encrypted`);
  if (method !== 0 && method !== 8) throw new RangeError(`${name} is packed by method ${method}`);
  // The upper half of the attributes is the file's mode on a Unix system, else 0.
  const mode = header.readUInt32LE(38) >>> 16;
  // Larger numbers than 32 bits hold stand in the extra field 1, in this order, only if needed.
  const large = extraField(extra, 1);
  let next = 0;
  const number = (field: number): number => {
    const short = header.readUInt32LE(field);
    return short === 0xffffffff ? wide(large, (next += 8) - 8) : short;
  };
  const size = number(24);
  const packed = number(20);
  const offset = number(42);
  return {
    ...{ name, kind: kindOf(name, mode), size, packed, deflated: method === 8 },
    ...{ crc: header.readUInt32LE(16), mode: mode & 0o777 },
    start: async (archive) => {
      const local = await readAt(archive, offset, 30);
      if (local.readUInt32LE(0) !== 0x04034b50) throw new RangeError(`${name} has no header`);
      return offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    },
  };
}

function kindOf(name: string, mode: number): ZipMember["kind"] {
  const type = mode & 0o170000;
  if (type !== 0 && type !== 0o100000 && type !== 0o040000) return "other";
  return name.endsWith("/") || type === 0o040000 ? "folder" : "file";
}

interface Directory {
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

/** Where the directory lies: the last bytes of the archive say it, before a comment at most. */
async function findDirectory(archive: FileHandle, size: number): Promise<Directory> {
  const begin = Math.max(0, size - 22 - 0xffff);
  const tail = await readAt(archive, begin, size - begin);
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (at < 0) throw new RangeError("it is no zip archive, or its end is missing");
  const short = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isLarge =
    short.count === 0xffff || short.length === 0xffffffff || short.offset === 0xffffffff;
  if (!isLarge || at < 20 || tail.readUInt32LE(at - 20) !== 0x07064b50) return short;
  const end = await readAt(archive, wide(tail, at - 20 + 8), 56);
  if (end.readUInt32LE(0) !== 0x06064b50) throw new RangeError("its end is broken");
  return { count: wide(end, 32), length: wide(end, 40), offset: wide(end, 48) };
}

/** The content of one of the extra fields of a member; empty where it has no such field. */
function extraField(extra: Buffer, wanted: number): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === wanted) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return Buffer.alloc(0);
}

const wide = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

async function readAt(archive: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await archive.read(bytes, 0, length, position);
  if (bytesRead < length) throw new RangeError("it is cut off");
  return bytes;
}
