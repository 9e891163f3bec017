import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ExitCode, UserError } from "../../../../src/base/exit.js";
import type { Fingerprint } from "../../../../src/base/fingerprint.js";
import { Store, type Manifest } from "../../../../src/store/index.js";

/** A whole artifact of a store, of whatever store it stands in. */
export interface FoundArtifact {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What is looked for. */
export interface ArtifactKind {
  /** Name of the runner that makes it. */
  readonly runner: string;
  /** A file that its folder holds. */
  readonly file: string;
  /** What people call it: `trained cell`. */
  readonly word: string;
  /** What to give as its name. */
  readonly hint: string;
  /** Its fingerprint by a name of another kind. */
  readonly alias?: (store: Store, name: string) => Promise<string | null>;
}

/**
 * Finds an artifact by its folder, or by its stage's fingerprint or the beginning of one. Throws a
 * UserError where there is none, where it is damaged, or is of another kind.
 */
export async function findArtifact(
  store: Store,
  name: string,
  kind: ArtifactKind,
): Promise<FoundArtifact> {
  const missing = new UserError(`there is no ${kind.word} ${name}`, {
    exitCode: ExitCode.usage,
    hint: kind.hint,
  });
  const folder = await folderOf(store, name, kind);
  if (folder === null) throw missing;
  const seen = await storeOf(folder).inspect(folder.slice(-64) as Fingerprint);
  if (seen.state === "absent") throw missing;
  if (seen.state === "damaged") {
    throw new UserError(`the artifact in ${folder} is damaged: ${seen.reason}`, {
      exitCode: ExitCode.environment,
      hint: "run its sweep again: it makes the artifact anew",
    });
  }
  const { manifest } = seen;
  if (manifest.runner !== kind.runner) {
    throw new UserError(`${name} is a ${manifest.runner} stage, not a ${kind.word}`);
  }
  return { folder, manifest };
}

/** Folder of an artifact's input by the input's name; null where it has none of that name. */
export function inputFolder({ folder, manifest }: FoundArtifact, input: string): string | null {
  const fingerprint = manifest.inputs[input];
  return fingerprint === undefined ? null : storeOf(folder).artifactFolder(fingerprint);
}

/** Says that a name fits several things. */
export const ambiguous = (name: string, found: readonly string[]): UserError =>
  new UserError(`${name} could be any of ${found.slice(0, 5).join(", ")}`);

/** The store that an artifact's folder is part of. */
const storeOf = (folder: string): Store => new Store(resolve(dirname(folder), "..", ".."));

async function folderOf(store: Store, name: string, kind: ArtifactKind): Promise<string | null> {
  const direct = resolve(name);
  const isFolder = await stat(join(direct, kind.file)).then(
    () => true,
    () => false,
  );
  if (isFolder) return direct;
  if (!/^[0-9a-f]{6,64}$/.test(name)) return null;
  const fingerprint = (await kind.alias?.(store, name)) ?? (await stageBeginning(store, name));
  return fingerprint === null ? null : store.artifactFolder(fingerprint as Fingerprint);
}

async function stageBeginning(store: Store, beginning: string): Promise<string | null> {
  const parent = join(store.folder, "artifacts", beginning.slice(0, 2));
  const names = await readdir(parent).catch(() => []);
  const found = names.filter((name) => name.startsWith(beginning));
  if (found.length > 1) throw ambiguous(beginning, found);
  return found[0] ?? null;
}
