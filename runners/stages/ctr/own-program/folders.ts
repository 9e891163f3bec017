import { chmod, copyFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { openFolder } from "../../../../src/base/folder.js";
import type { StageTask } from "../../../../src/contract/runner.js";
import type { OwnProgramExecution, OwnProgramParams } from "./stage.js";

/** Folders of one attempt, absolute, all below the stage's work folder. */
export interface Folders {
  /** Copies of the program's files, as they stand from each other beside the spec. */
  readonly code: string;
  /** The copy of the spec's folder: the program runs here. */
  readonly current: string;
  /** Empty: what the program writes here is its result. */
  readonly output: string;
  /** Kept between attempts: a place for the program's checkpoints. */
  readonly work: string;
}

/**
 * Makes the folders of an attempt. The program sees copies of the files that its backbone names and no
 * others: one that needs a file which is not named fails, where a change of that file would not be noticed.
 */
export async function openFolders({
  work,
  files,
  execution,
}: Pick<
  StageTask<OwnProgramParams, OwnProgramExecution>,
  "work" | "files" | "execution"
>): Promise<Folders> {
  const code = path.join(work, "code");
  const folders = {
    code,
    current: path.join(code, execution.folder),
    output: path.join(work, "output"),
    work: path.join(work, "kept"),
  };
  for (const old of [code, folders.output]) await rm(old, { recursive: true, force: true });
  for (const folder of [folders.current, folders.output, folders.work]) {
    await openFolder(folder);
  }
  for (const [at, place] of execution.layout.entries()) {
    const from = files[String(at)]!;
    const to = path.join(code, place);
    await openFolder(path.dirname(to));
    await copyFile(from, to);
    await chmod(to, (await stat(from)).mode | 0o200);
  }
  return folders;
}
