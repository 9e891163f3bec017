import path from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { UserProgram } from "../../../../src/contract/user-program.js";
import { resolvePath } from "../../../base/files/spec-path.js";
import { commandOf, environmentOf, machineProgram, ownProgramOf } from "./settings.js";

/** The program that a cell's backbone is, as `doctor` looks at it; none for a backbone of another kind. */
export function userPrograms(settings: JsonObject, place: SpecPlace): readonly UserProgram[] {
  const own = ownProgramOf(settings);
  if (own === null) return [];
  const environment = environmentOf(own, place);
  const files = own.files.map((file) => resolvePath(file, place));
  const { lead } = commandOf(own, place);
  const program =
    typeof lead === "string" ? machineProgram(lead, place, environment) : files[lead.file]!;
  return [{ name: own.name, program, python: pythonOf(program, environment), environment, files }];
}

/** The program itself where it is a Python, else that of its environment. */
function pythonOf(program: string | null, environment: string | null): string | null {
  if (program !== null && /^python[\d.]*$/u.test(path.basename(program))) return program;
  return environment === null ? null : path.join(environment, "bin", "python");
}
