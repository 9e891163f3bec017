import { readPieces, type ReadPosition } from "./streams.js";

/** Gets one line as `bytes[start, end)`, without its newline; `line` counts from 1. */
export type LineReader = (bytes: Buffer, start: number, end: number, line: number) => void;

/** Reads a text file line by line without making strings; a line ends in \n or \r\n. */
export async function eachLine(
  path: string,
  read: LineReader,
  afterPiece?: (position: ReadPosition) => void,
): Promise<void> {
  const position = { done: 0, total: 0 };
  let rest: Buffer | undefined;
  let line = 0;
  const give = (bytes: Buffer, start: number, end: number): void => {
    line += 1;
    read(bytes, start, end > start && bytes[end - 1] === 13 ? end - 1 : end, line);
  };
  for await (const piece of readPieces(path, position)) {
    const bytes: Buffer = rest === undefined ? piece : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      give(bytes, start, end);
      start = end + 1;
    }
    rest = start < bytes.length ? bytes.subarray(start) : undefined;
    afterPiece?.(position);
  }
  if (rest !== undefined) give(rest, 0, rest.length);
}
