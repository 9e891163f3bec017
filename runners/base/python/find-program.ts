import path from "node:path";
import { findProgram } from "../../../src/base/find-program.js";

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
