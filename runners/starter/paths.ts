import path from "node:path";
import type { Answers, Question } from "../../src/contract/starter.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { AT_HOME, expandHome } from "../../src/base/home.js";
import { isFile } from "../base/files/spec-path.js";

/** Where a spec will stand, and the folder of the call: relative paths in answers start there. */
export interface Places {
  readonly place: SpecPlace;
  readonly cwd: string;
}

/** The absolute path of an answer. */
export const absoluteOf = (answer: string, { cwd }: Places): string =>
  expandHome(answer.trim(), cwd);

/**
 * A path of an answer as the spec says it: relative ones start at the spec, absolute ones stay, and
 * a leading `~` becomes the home folder.
 */
export function pathForSpec(answer: string, places: Places): string {
  const absolute = absoluteOf(answer, places);
  if (path.isAbsolute(answer.trim()) || AT_HOME.test(answer.trim())) return absolute;
  return path.relative(places.place.folder, absolute) || ".";
}

interface FileQuestion {
  readonly key: string;
  readonly ask: string;
  readonly asked: (answers: Answers) => boolean;
  /** Whether an empty answer means that there is no such file. Left out: it never does. */
  readonly optional?: (answers: Answers) => boolean;
  /** More that may be wrong with a file that is there, named as the spec will name it. */
  readonly refuse?: (file: string) => string | null;
}

/** A question about a file: one that is not there is refused. */
export const fileQuestion = (
  { key, ask, asked, optional = () => false, refuse }: FileQuestion,
  places: Places,
): Question => ({
  key,
  ask: () => ask,
  usual: () => "",
  asked,
  refuse: (answer, answers) => {
    if (answer.trim() === "") return optional(answers) ? null : "give the path of a file";
    if (!isFile(absoluteOf(answer, places))) return `there is no file ${answer.trim()}`;
    return refuse?.(pathForSpec(answer, places)) ?? null;
  },
  keep: (answer) => (answer.trim() === "" ? "" : pathForSpec(answer, places)),
});
