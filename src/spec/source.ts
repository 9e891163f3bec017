import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Diagnostic } from "../base/diagnostic.js";
import { err, ok, type Result } from "../base/result.js";

/** A spec's file, read. */
export interface Source {
  /** As the user gave it. */
  readonly file: string;
  /** Absolute folder that holds it. */
  readonly folder: string;
  /** Without a byte order mark. */
  readonly text: string;
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: "there is no such file",
  EISDIR: "this is a folder, not a file",
  EACCES: "this file may not be read (permission denied)",
  EPERM: "this file may not be read (permission denied)",
  ENOTDIR: "a part of this path is a file, not a folder",
  ELOOP: "this path is a circle of symbolic links",
  ENAMETOOLONG: "this path is longer than the system allows",
};

/** A spec of this size has more cells than a sweep may have; to parse it takes some seconds. */
const MOST_BYTES = 4e6;

/** Reads a file as UTF-8, strictly. On failure: one error that says what is wrong with the file. */
export function readSource(file: string): Result<Source, Diagnostic> {
  const wrong = (message: string, line = 1, column = 1) =>
    err<Diagnostic>({ severity: "error", message, file, line, column, path: null });
  let bytes: Buffer;
  try {
    const size = statSync(file).size;
    if (size > MOST_BYTES) {
      const [has, most] = [size, MOST_BYTES].map((count) => `${(count / 1e6).toFixed(1)} MB`);
      return wrong(`this file has ${has}; a spec has at most ${most}`);
    }
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const reason = reasons[code];
    if (reason === undefined) throw error;
    return wrong(`cannot read ${file}: ${reason}`);
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return wrong("this file is UTF-16; save it as UTF-8");
  }
  const bad = firstInvalidByte(bytes);
  if (bad !== null) {
    const before = new TextDecoder().decode(bytes.subarray(0, bad)).split("\n");
    const byte = `0x${bytes[bad]!.toString(16).toUpperCase().padStart(2, "0")}`;
    return wrong(
      `this file is not UTF-8: the byte ${byte} at offset ${bad} begins no character; save it as UTF-8`,
      before.length,
      before.at(-1)!.length + 1,
    );
  }
  const text = new TextDecoder().decode(bytes);
  return ok({ file, folder: dirname(resolve(file)), text });
}

/** Offset of the first byte that is not part of a UTF-8 character; null where all are. */
function firstInvalidByte(bytes: Uint8Array): number | null {
  const decodes = (length: number, stream: boolean): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream });
      return true;
    } catch {
      return false;
    }
  };
  if (decodes(bytes.length, false)) return null;
  // The longest prefix that could still become UTF-8 ends before the offending byte, or inside the
  // character that it cuts short.
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(middle, true)) good = middle;
    else bad = middle;
  }
  while (good > 0 && !decodes(good, false)) good -= 1;
  return good;
}
