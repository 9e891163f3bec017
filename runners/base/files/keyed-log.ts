import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, readdirSync } from "node:fs";
import path from "node:path";
import { openFolderSync } from "../../../src/base/folder.js";

/** A record with the key that it is kept under: the hash of all that it was made from. */
export type Keyed<Value> = readonly [key: string, value: Value];

/** How a log's records are written. */
export interface RecordForm<Value> {
  /** End of the name of a writer's file; other files in the folder are not looked at. */
  readonly ending: string;
  /**
   * Makes the files of a writer and gives their descriptors.
   *
   * @param base path without the ending
   * @param first the first record that will be written
   */
  create(base: string, first: Value): readonly number[];
  /** Appends records, in an order in which a kill leaves each of them whole or not at all. */
  write(files: readonly number[], records: readonly Keyed<Value>[]): void;
  /**
   * Reads a writer's records and passes over those that a kill or a damaged disk has spoilt.
   *
   * @param wanted says which keys to read
   */
  read(base: string, wanted: (key: string) => boolean): Iterable<Keyed<Value>>;
}

/**
 * If the power fails, the newest records are lost and must be made again. Syncing each record would
 * cost more.
 */
const SYNC_EVERY = 32;

/**
 * Results that took long or cost money, kept by key as soon as they arrive, in a folder that a kill
 * leaves in place. Each process appends to files of its own, so that several may share a folder.
 * Nothing is ever changed in place. Of records with one key the last read counts: they are equal in
 * all that matters.
 */
export class KeyedLog<Value> {
  private readonly records = new Map<string, Value>();
  private files: readonly number[] = [];
  private unsynced = 0;

  /**
   * Opens a folder, made where it is missing, and reads what it holds.
   *
   * @param wanted says which keys to read; a folder may hold many more than one stage needs
   */
  constructor(
    private readonly folder: string,
    private readonly form: RecordForm<Value>,
    wanted: (key: string) => boolean = () => true,
  ) {
    openFolderSync(folder);
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(form.ending)) continue;
      const base = path.join(folder, name.slice(0, -form.ending.length));
      for (const [key, value] of form.read(base, wanted)) this.records.set(key, value);
    }
  }

  get(key: string): Value | undefined {
    return this.records.get(key);
  }

  /** How many records are known. */
  get size(): number {
    return this.records.size;
  }

  protected append(records: readonly Keyed<Value>[]): void {
    const first = records[0];
    if (first === undefined) return;
    if (this.files.length === 0) {
      const name = `${Date.now()}-${randomBytes(6).toString("hex")}`;
      this.files = this.form.create(path.join(this.folder, name), first[1]);
    }
    this.form.write(this.files, records);
    for (const [key, value] of records) this.records.set(key, value);
    if (++this.unsynced >= SYNC_EVERY) this.sync();
  }

  private sync(): void {
    if (this.unsynced > 0) this.files.forEach((file) => fsyncSync(file));
    this.unsynced = 0;
  }

  /** Makes all durable. Records may be added afterwards: they go to new files. */
  close(): void {
    this.sync();
    this.files.forEach((file) => closeSync(file));
    this.files = [];
  }
}
