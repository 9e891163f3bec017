import { statSync } from "node:fs";
import { expandHome } from "../../../src/base/home.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";

/** The absolute path of a name in a spec: relative paths start at the spec, `~` is the home folder. */
export const resolvePath = (name: string, place: SpecPlace): string =>
  expandHome(name, place.folder);

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
