import { homedir } from "node:os";
import { statSync } from "node:fs";
import path from "node:path";
import type { SpecPlace } from "../../../src/contract/spec-place.js";

/** The absolute path of a name in a spec: relative paths start at the spec, `~` is the home folder. */
export function resolvePath(name: string, place: SpecPlace): string {
  if (name === "~" || name.startsWith("~/")) return path.join(homedir(), name.slice(1));
  return path.resolve(place.folder, name);
}

/**
 * What is at a path; null where nothing is, or where the path leads nowhere: it is too long, a part of
 * it is a file or may not be looked into, or its links go round in a circle.
 */
export function kindAt(file: string): "file" | "folder" | "other" | null {
  try {
    const found = statSync(file);
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  } catch {
    return null;
  }
}

/** True where a folder is at the path. */
export const isFolder = (file: string): boolean => kindAt(file) === "folder";

/** True where a file is at the path. */
export const isFile = (file: string): boolean => kindAt(file) === "file";
