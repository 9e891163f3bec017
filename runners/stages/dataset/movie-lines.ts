import type { ReadTask } from "./source.js";
import { readPieces } from "./streams.js";

/** Gets one line of a file of movies as text; `line` counts from 1. */
export type MovieLineReader = (text: string, line: number) => void;

/**
 * Reads a file of movies line by line, but for empty lines. GroupLens wrote latin-1; editors save as
 * UTF-8. A file that is UTF-8 throughout is read so: as latin-1 its letters beyond ASCII would have
 * no meaning (`Ã©`). Notes lines in UTF-8 among others in latin-1, and letters that an earlier
 * program mangled.
 */
export async function eachMovieLine(
  task: Pick<ReadTask, "note">,
  path: string,
  read: MovieLineReader,
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(path)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const text = textOf(bytes);
  if (!text.isUtf8) noteUtf8Lines(task, path, bytes);
  const lost: number[] = [];
  text.content.split("\n").forEach((raw, i) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") return;
    if (text.isUtf8 && (line.includes("\ufffd") || isUtf8Twice(line))) lost.push(i + 1);
    read(line, i + 1);
  });
  if (lost.length > 0) {
    task.note(
      "warning",
      `${path}:${lost[0]}: letters were lost when the file was saved (${lost.length} such lines); the titles stand in prompts as they are here`,
    );
  }
}

/** The text of bytes, and whether they are UTF-8; else they are read as latin-1. */
export function textOf(bytes: Buffer): { readonly content: string; readonly isUtf8: boolean } {
  try {
    return {
      content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      isUtf8: true,
    };
  } catch {
    return { content: bytes.toString("latin1"), isUtf8: false };
  }
}

/** True for UTF-8 that was taken for latin-1 and encoded once more (`Ã©` in the place of é). */
function isUtf8Twice(line: string): boolean {
  if (!/[\x80-\xff]/.test(line) || /[^\x00-\xff]/.test(line)) return false;
  return textOf(Buffer.from(line, "latin1")).isUtf8;
}

function noteUtf8Lines(task: Pick<ReadTask, "note">, path: string, bytes: Buffer): void {
  const lines = bytes.toString("latin1").split("\n");
  const mixed = lines.flatMap((line, i) => (isUtf8Twice(line) ? [i + 1] : []));
  if (mixed.length === 0) return;
  task.note(
    "warning",
    `${path}:${mixed[0]}: this line is in UTF-8 and others are in latin-1 (${mixed.length} such lines); all were read as latin-1`,
  );
}
