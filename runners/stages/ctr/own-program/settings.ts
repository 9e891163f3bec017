import path from "node:path";
import type { Finding } from "../../../../src/base/diagnostic.js";
import { isJsonObject, type JsonObject } from "../../../../src/base/json.js";
import type { Ignored } from "../../../../src/contract/science.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { isFile, kindAt, resolvePath } from "../../../base/files/spec-path.js";
import { mistake } from "../../../base/stage/mistake.js";
import { findProgram } from "../../../../src/base/find-program.js";

/** A `backbone` that is a program of the user's own, complete. */
export interface OwnProgram extends JsonObject {
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Paths from the spec's folder. */
  readonly files: readonly string[];
  /** Folder of a Python environment, from the spec's folder. */
  readonly environment?: string;
  readonly options: JsonObject;
}

/** The program that a cell's backbone is; null for a backbone of another kind. */
export function ownProgramOf(settings: JsonObject): OwnProgram | null {
  const backbone = settings["backbone"];
  return isJsonObject(backbone) ? (backbone as OwnProgram) : null;
}

/** What a path of `command` or `files` means: absolute. */
const placed = (name: string, place: SpecPlace): string => resolvePath(name, place);

/** A word of a command: text, or one of the program's files by its place in the list. */
export type CommandWord = string | { readonly file: number };

/**
 * The arguments of a program, without the paths of its files: a file that is moved or renamed is the same
 * program. `lead` is the program itself: a file of the list, or what is to be found on the machine.
 */
export function commandOf(
  program: OwnProgram,
  place: SpecPlace,
): { readonly lead: CommandWord; readonly words: readonly CommandWord[] } {
  const [lead, ...words] = program.command.map((word): CommandWord => {
    const file = program.files.findIndex((name) => placed(name, place) === placed(word, place));
    return file < 0 ? word : { file };
  });
  return { lead: lead!, words };
}

/** The folder of a program's environment, absolute; null where it names none. */
export const environmentOf = (
  { environment }: Pick<OwnProgram, "environment">,
  place: SpecPlace,
): string | null => (environment === undefined ? null : placed(environment, place));

/**
 * Where the machine has the program that is no file of the list; null where it has none.
 *
 * @param environment folder of an environment whose programs come before those of PATH
 */
export function machineProgram(
  word: string,
  place: SpecPlace,
  environment: string | null,
): string | null {
  if (word.includes("/")) return findProgram(placed(word, place));
  const own = environment === null ? null : findProgram(word, path.join(environment, "bin"));
  return own ?? findProgram(word);
}

const UNREAD = {
  adaptor: "a program of your own gets the vectors as they are",
  fuse: "a program of your own trains each cell alone",
  engine: "a program of your own is not trained by TensorFlow",
  xla: "a program of your own is not trained by TensorFlow",
} as const;

/** Settings of `ctr` that mean nothing to a program. `options`: names of the options of backbones. */
export const ignoredByProgram = (ctr: JsonObject, options: readonly string[]): Ignored[] => [
  ...Object.entries(UNREAD)
    .filter(([name]) => name in ctr)
    .map(([name, because]) => ({ path: `ctr.${name}`, because })),
  ...options
    .filter((id) => id in ctr)
    .map((id) => ({ path: `ctr.${id}`, because: "the backbone is a program of your own" })),
];

/**
 * Mistakes that the schema can't see.
 *
 * @param ctr the cell's block `ctr`
 * @param taken names that backbones of r4ec have
 */
export function checkOwnProgram(
  program: OwnProgram,
  ctr: JsonObject,
  taken: readonly string[],
  place: SpecPlace,
): readonly Finding[] {
  const findings: Finding[] = [];
  // What is wrong by the schema was taken out already.
  const { name, command = [], files = [] }: Partial<OwnProgram> = program;
  if (name !== undefined && taken.includes(name)) {
    findings.push(
      mistake("backbone.name", `${name} is a backbone of r4ec's own: take another name`),
    );
  }
  if (ctr["pick"] === "test") {
    const what =
      "a program of your own gets no test labels, so that it cannot pick an epoch by them";
    findings.push(mistake("ctr.pick", `${what}: set ctr.pick: valid`));
  }
  for (const [at, file] of files.entries()) {
    const found = placed(file, place);
    const kind = kindAt(found);
    if (kind === "file") continue;
    const what =
      kind === null ? `there is no file ${file} (${found})` : `${file} is a ${kind}, not a file`;
    findings.push(mistake(`backbone.files.${at}`, what));
  }
  const environment = environmentOf(program, place);
  if (environment !== null && findProgram(path.join(environment, "bin/python")) === null) {
    const what = `${program.environment} has no Python (${path.join(environment, "bin/python")})`;
    const hint = "name the folder of an environment, the one that holds bin/python";
    findings.push(mistake("backbone.environment", `${what}: ${hint}`));
  }
  const listed = new Set(files.map((file) => placed(file, place)));
  for (const [at, word] of command.entries()) {
    if (listed.has(placed(word, place))) continue;
    const where = `backbone.command.${at}`;
    if (at === 0 && machineProgram(word, place, environment) === null) {
      findings.push(mistake(where, missingProgram(word, placed(word, place), environment)));
    } else if (isOwnFile(word, at === 0, place)) {
      const what = `${word} is a file that backbone.files does not name: the program would not find it, and a change of it would not be noticed`;
      findings.push(mistake(where, `${what}; add it to backbone.files`));
    }
  }
  return findings;
}

/**
 * True for a word that names a file beside the spec. As the program itself, a bare name is looked up in
 * PATH, and what stands in a folder `bin` is an environment's, such as .venv/bin/python.
 */
function isOwnFile(word: string, leads: boolean, place: SpecPlace): boolean {
  if (path.isAbsolute(word) || word.startsWith("~") || !isFile(placed(word, place))) return false;
  return !leads || (word.includes("/") && !word.split("/").includes("bin"));
}

function missingProgram(word: string, found: string, environment: string | null): string {
  if (word.includes("/")) {
    return isFile(found)
      ? `${word} (${found}) is not an executable file`
      : `there is no program ${word} (${found})`;
  }
  const other = word === "python" ? "python3" : word === "python3" ? "python" : null;
  const hint =
    other !== null && findProgram(other) !== null
      ? `; PATH has ${other}`
      : "; name the environment that has it (backbone.environment), or write its path";
  const where = environment === null ? "PATH" : `${path.join(environment, "bin")} or in PATH`;
  return `there is no program ${word} in ${where}${hint}`;
}
