import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The absolute path of a file of r4ec that is no TypeScript (a Python script), whether this runs
 * from the sources or compiled.
 *
 * @param name path from the project's root
 */
export function projectFile(name: string): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, name))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`${name} of r4ec is missing`);
    folder = parent;
  }
  return path.join(folder, name);
}
