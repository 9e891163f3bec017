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

/** Where the program of a command was found, for people. */
export interface FoundProgram {
  /** Absolute path; the name as it stands where there is no such program. */
  readonly program: string;
  readonly from: "an absolute path" | "the llm environment" | "PATH" | "nowhere";
}

/**
 * Which program a command of the user's means, as it is started in the LLM environment: an absolute path
 * as it is, else the one of the environment's `bin`, else the first on PATH.
 *
 * @param environment absolute folder of the environment
 */
export function commandProgram(program: string, environment: string): FoundProgram {
  if (path.isAbsolute(program)) return { program, from: "an absolute path" };
  const own = findProgram(program, path.join(environment, "bin"));
  if (own !== null) return { program: own, from: "the llm environment" };
  const found = findProgram(program);
  return found === null ? { program, from: "nowhere" } : { program: found, from: "PATH" };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
