import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { FileInput } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { MARK_BYTES, startsWithMark } from "../../base/files/byte-order-mark.js";
import { resolvePath } from "../../base/files/spec-path.js";

/** `knowledge.file`, complete: files as the spec names them. */
export interface OwnFilesSettings {
  readonly users: string | null;
  readonly items: string | null;
  /** The ids of the rows of a file of vectors, one a line. */
  readonly user_ids: string | null;
  readonly item_ids: string | null;
}

export const FILE_SETTINGS = ["users", "items", "user_ids", "item_ids"] as const;

/** The user's own files, by setting. */
export function ownFiles(
  settings: OwnFilesSettings,
  place: SpecPlace,
): { readonly [name: string]: FileInput } {
  return Object.fromEntries(
    FILE_SETTINGS.flatMap((setting) => {
      const name = settings[setting];
      return typeof name === "string" ? [[setting, { path: resolvePath(name, place) }]] : [];
    }),
  );
}

/** Ends of the names of files that hold vectors and nothing else. */
export const isVectorFile = (file: string): boolean =>
  [".npy", ".safetensors"].includes(path.extname(file).toLowerCase());

/** True where no file holds text, so that nothing is left to embed. */
export function holdsVectors(settings: OwnFilesSettings, place: SpecPlace): boolean {
  return [settings.users, settings.items]
    .filter((name): name is string => typeof name === "string")
    .map((name) => resolvePath(name, place))
    .every((file) => isVectorFile(file) || (existsSync(file) && firstLineHasVector(file)));
}

/** Looks at the start of a JSON Lines file: its lines hold all text or all vectors. */
function firstLineHasVector(file: string): boolean {
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(1 << 16);
    const start = buffer.toString("utf8", 0, readSync(handle, buffer, 0, buffer.length, 0));
    // The line may be longer than what was read, so its keys are looked for, not parsed.
    return /^\s*\{[^\n]*?"vector"\s*:\s*\[/u.test(start);
  } finally {
    closeSync(handle);
  }
}

/** True for a file that begins with UTF-8's byte order mark; false too where there is none. */
export function beginsWithMark(file: string | undefined): boolean {
  if (file === undefined || !existsSync(file) || statSync(file).isDirectory()) return false;
  const handle = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(MARK_BYTES);
    readSync(handle, bytes, 0, MARK_BYTES, 0);
    return startsWithMark(bytes);
  } finally {
    closeSync(handle);
  }
}

/** Parameters of the stage: the ends of the files' names (`.npy`), by setting, and how they are read. */
export interface OwnFilesParams extends JsonObject {
  readonly [setting: string]: string;
}
