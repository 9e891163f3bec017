import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/**
 * The executable file of a program; null where there is none.
 *
 * @param program an absolute path, or a name, which is looked up
 * @param folders where a name is looked up: PATH, or another list of its form
 */
export function findProgram(program: string, folders = process.env["PATH"] ?? ""): string | null {
  if (path.isAbsolute(program)) return isExecutable(program) ? program : null;
  for (const folder of folders.split(path.delimiter)) {
    const file = path.join(folder === "" ? "." : folder, program);
    if (isExecutable(file)) return path.resolve(file);
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
