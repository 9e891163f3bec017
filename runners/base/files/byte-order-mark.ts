/** U+FEFF in UTF-8. Editors and spreadsheets write it in front of a text; it is no part of it. */
const MARK: Uint8Array = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes that are needed to tell whether a file begins with a mark. */
export const MARK_BYTES = MARK.length;

/** True for bytes that begin with UTF-8's byte order mark. */
export const startsWithMark = (bytes: Uint8Array): boolean =>
  MARK.every((byte, i) => bytes[i] === byte);
