import { homedir } from "node:os";
import { statSync } from "node:fs";
import path from "node:path";
import type { SpecPlace } from "../../../src/contract/spec-place.js";

/** The absolute path of a name in a spec: relative paths start at the spec, `~` is the home folder. */
export function resolvePath(name: string, place: SpecPlace): string {
  if (name === "~" || name.startsWith("~/")) return path.join(homedir(), name.slice(1));
  return path.resolve(place.folder, name);
}

/** True where a folder is at the path. */
export const isFolder = (file: string): boolean =>
  statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
