import { createReadStream } from "node:fs";

/** Lines of a file that were read together. */
export interface LineBlock {
  /** The lines with their newlines. Nobody changes it. */
  readonly bytes: Buffer;
  /** Where each line's text ends in `bytes`; the next one begins behind its newline. */
  readonly ends: readonly number[];
  /** False where the last line lacks its newline: it is the end of the file. */
  readonly whole: boolean;
}

/** The lines of a file, of any length in all, in blocks of about a megabyte: a call for each line would cost more than the line. */
export async function* readBlocks(file: string): AsyncGenerator<LineBlock> {
  let rest: Buffer[] = [];
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const last = chunk.lastIndexOf(10);
    if (last === -1) {
      rest.push(chunk);
      continue;
    }
    const whole = chunk.subarray(0, last + 1);
    const bytes = rest.length === 0 ? whole : Buffer.concat([...rest, whole]);
    rest = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
    yield { bytes, ends: endsIn(bytes), whole: true };
  }
  if (rest.length === 0) return;
  const bytes = Buffer.concat(rest);
  yield { bytes, ends: [bytes.length], whole: false };
}

function endsIn(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at);
  return ends;
}
