import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { readFile, readdir, rename } from "node:fs/promises";
import path from "node:path";
import type { StageRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { KeptResult } from "../contract/runner.js";
import type { Inspection } from "./artifact.js";
import { inspectArtifact, removeFolder, sealArtifact, sealFiles } from "./artifact.js";
import { ExitCode, UserError } from "../base/exit.js";
import { isErrno } from "../base/errno.js";
import { makeFolder, makeFolderSync, syncFolder, syncFolderSync } from "../base/durable.js";
import { openFolderSync } from "../base/folder.js";
import type { LockHolder } from "../base/lock-file.js";
import type { Lock } from "../base/lock.js";
import { tryLock } from "../base/lock.js";
import type { Manifest } from "./manifest.js";
import { MANIFEST_FILE, formatManifest, manifestOf, parseManifest } from "./manifest.js";
import { identityOf } from "../base/process.js";
import { hasWitnesses, takeWitness, unchanged, witnessPublished } from "./witness.js";

/**
 * The folder of artifacts and of work in progress. Nothing is kept in memory but what the file system is asked
 * about again ({@link Witness}): any number of processes, on any machines that share the folder, may use one
 * store at once.
 *
 *     artifacts/<2 digits>/<fingerprint>/   finished, complete, checksummed
 *     staging/<fingerprint>.<process>/      being made; worth nothing once its process is gone
 *     work/<fingerprint>/                   what a stage needs to go on after a kill
 *     quarantine/                           damaged artifacts, never served
 *     locks/<fingerprint>                   who makes the artifact at the moment
 *     sweeps/<sweep>/                       journals
 */
export class Store {
  constructor(
    /** Absolute. */
    readonly folder: string,
  ) {}

  /** Folder of an artifact, whether it is there or not. */
  artifactFolder(fingerprint: Fingerprint): string {
    return path.join(this.folder, "artifacts", fingerprint.slice(0, 2), fingerprint);
  }

  /**
   * Folder of files, named FINGERPRINT.…, that were computed from artifacts whose fingerprints begin
   * alike; they can be computed again, and are garbage once the artifact is gone.
   */
  statisticsFolder(fingerprint: Fingerprint): string {
    return path.join(this.folder, "statistics", fingerprint.slice(0, 2));
  }

  /** A folder that a kill leaves in place; made by the worker that runs the stage. */
  workFolder(fingerprint: Fingerprint): string {
    return path.join(this.folder, "work", fingerprint);
  }

  /** Looks at an artifact, changing nothing. See {@link inspectArtifact} for what is checked. */
  inspect(fingerprint: Fingerprint, options: { thorough?: boolean } = {}): Promise<Inspection> {
    return inspectArtifact(this.artifactFolder(fingerprint), fingerprint, options);
  }

  /** The manifest of an artifact that nothing has touched since this process last found it sound, or null. */
  unchanged(fingerprint: Fingerprint): Manifest | null {
    return hasWitnesses() ? unchanged(this.artifactFolder(fingerprint)) : null;
  }

  /**
   * The manifest of a sound artifact, or null. Call it with the fingerprint's lock in hand: a
   * damaged artifact is moved to quarantine and reported to `damaged`, so that it is made again.
   * Where it is whole but for files that do not belong there, those alone are moved.
   */
  async claim(
    fingerprint: Fingerprint,
    damaged: (reason: string, movedTo: string) => void,
  ): Promise<Manifest | null> {
    const seen = await this.inspect(fingerprint);
    if (seen.state === "sound") return seen.manifest;
    if (seen.state === "damaged") {
      const movedTo = await this.putAside(fingerprint, seen);
      if (movedTo !== null) damaged(seen.reason, movedTo);
      if (movedTo !== null && seen.strangers !== undefined) return this.claim(fingerprint, damaged);
    }
    return null;
  }

  /**
   * Opens an artifact that this process did not make: checks every file, and gives its folder and
   * manifest. Throws a UserError where it is not there or not as it was made.
   *
   * @param word how messages name it: `the data set`
   * @param missing the error where it is not there, in place of one about the store
   */
  async open(
    fingerprint: Fingerprint,
    word: string,
    missing?: UserError,
  ): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
    const folder = this.artifactFolder(fingerprint);
    const seen = await this.inspect(fingerprint);
    if (seen.state === "sound") return { folder, manifest: seen.manifest };
    const again = "run its sweep again: the sweep makes the artifact again";
    if (seen.state === "absent") {
      if (missing !== undefined) throw missing;
      throw new UserError(`${word} is not in the store: there is no ${folder}`, {
        exitCode: ExitCode.environment,
        hint: again,
      });
    }
    throw new UserError(`${word} is damaged: in ${folder} ${seen.reason}`, {
      exitCode: ExitCode.environment,
      hint: seen.strangers === undefined ? again : "move what does not belong there away",
    });
  }

  /**
   * Moves a damaged artifact to quarantine: all of it, or only the files that do not belong to it.
   * Returns the new place; null if another process already moved it.
   */
  async putAside(
    fingerprint: Fingerprint,
    seen: Extract<Inspection, { state: "damaged" }>,
  ): Promise<string | null> {
    if (seen.strangers === undefined) return this.quarantine(fingerprint);
    const target = this.#quarantineOf(fingerprint);
    for (const file of seen.strangers) {
      const moved = path.join(target, file);
      await makeFolder(path.dirname(moved));
      try {
        await rename(path.join(this.artifactFolder(fingerprint), file), moved);
      } catch (error) {
        if (isErrno(error, "ENOENT")) return null;
        throw error;
      }
    }
    return target;
  }

  #quarantineOf(fingerprint: Fingerprint): string {
    const name = `${fingerprint}.${randomBytes(4).toString("hex")}`;
    return path.join(this.folder, "quarantine", name);
  }

  /** Moves an artifact to quarantine; null if another process already did. */
  async quarantine(fingerprint: Fingerprint): Promise<string | null> {
    const parent = path.join(this.folder, "quarantine");
    await makeFolder(parent);
    const target = this.#quarantineOf(fingerprint);
    try {
      await rename(this.artifactFolder(fingerprint), target);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return null;
      throw error;
    }
    await syncFolder(parent);
    await syncFolder(path.dirname(this.artifactFolder(fingerprint)));
    return target;
  }

  /** Takes the lock for making an artifact, or says who holds it. `dead`: see {@link tryLock}. */
  lock(
    fingerprint: Fingerprint,
    label: string,
    dead?: (holder: LockHolder) => boolean,
  ): Promise<{ readonly lock: Lock } | { readonly holder: LockHolder }> {
    return tryLock(this.lockFile(fingerprint), label, dead);
  }

  lockFile(fingerprint: Fingerprint): string {
    return path.join(this.folder, "locks", fingerprint);
  }

  /** An empty folder for a stage's output, of this process alone; after a crash it is worth nothing. */
  newStaging(fingerprint: Fingerprint): string {
    const { pid, start } = identityOf();
    const name = `${fingerprint}.${pid}-${start ?? "0"}.${randomBytes(4).toString("hex")}`;
    const folder = path.join(this.folder, "staging", name);
    openFolderSync(folder);
    return folder;
  }

  /**
   * A stage's work folder, made where it is not there. Not synced: what a crash of the machine could take with it
   * is time.
   */
  openWork(fingerprint: Fingerprint): string {
    const folder = this.workFolder(fingerprint);
    openFolderSync(folder);
    return folder;
  }

  /**
   * Makes the artifact out of a staging folder: every file checksummed and synced, the manifest
   * last, the folder renamed into its place. After a crash at any moment the artifact is there
   * whole or not at all. Where another process was faster, its artifact stays and this one goes.
   */
  async publish(
    staging: string,
    stage: StageRecord,
    result: KeptResult,
    seconds: number,
  ): Promise<Manifest> {
    const { files, stamps } = await sealFiles(staging);
    const manifest = manifestOf(stage, result, files, { created: new Date(), seconds });
    const text = formatManifest(manifest);
    sealArtifact(staging, text, stamps);
    writeManifest(staging, text);
    const target = this.artifactFolder(stage.fingerprint);
    makeFolderSync(path.dirname(target));
    for (let round = 0; ; round++) {
      try {
        renameSync(staging, target);
        break;
      } catch (error) {
        if (!isErrno(error, "ENOTEMPTY", "EEXIST") || round > 3) throw error;
        const there = await this.claim(stage.fingerprint, () => undefined);
        if (there === null) continue;
        await removeFolder(staging);
        return there;
      }
    }
    syncFolderSync(path.dirname(target));
    await removeFolder(this.workFolder(stage.fingerprint));
    witnessPublished(target, manifest, stamps);
    return manifest;
  }

  /** The line of the witness of an artifact that this process published, which is kept no longer; null: none. */
  takeWitness(fingerprint: Fingerprint): string | null {
    return takeWitness(this.artifactFolder(fingerprint));
  }

  /** An artifact's manifest, without checking its files; null if there is no readable manifest. */
  async manifest(fingerprint: Fingerprint): Promise<Manifest | null> {
    const file = path.join(this.artifactFolder(fingerprint), MANIFEST_FILE);
    const text = await readFile(file, "utf8").catch(() => null);
    const manifest = text === null ? null : parseManifest(text, fingerprint);
    return typeof manifest === "string" ? null : manifest;
  }

  /** Fingerprints of all artifacts, sound or not, in order. */
  async *fingerprints(): AsyncGenerator<Fingerprint> {
    const parent = path.join(this.folder, "artifacts");
    for (const group of (await namesIn(parent)).sort()) {
      for (const name of (await namesIn(path.join(parent, group))).sort()) {
        if (/^[0-9a-f]{64}$/.test(name)) yield name as Fingerprint;
      }
    }
  }
}

/** The manifest and the folder's names are durable when this returns. */
function writeManifest(staging: string, text: string): void {
  const descriptor = openSync(path.join(staging, MANIFEST_FILE), "wx");
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolderSync(staging);
}

/** Names in a folder; none where it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
