import { hash } from "node:crypto";
import type { Json } from "./json.js";
import { canonicalJson } from "./json.js";

/** Identity of a stage: 64 hexadecimal digits. Made by {@link fingerprintOf} only. */
export type Fingerprint = string & { readonly brand: "fingerprint" };
/** Identity of a cell: 16 hexadecimal digits. Made by {@link cellIdOf} only. */
export type CellId = string & { readonly brand: "cell-id" };
/** Identity of a sweep: 16 hexadecimal digits. Made by {@link sweepIdOf} only. */
export type SweepId = string & { readonly brand: "sweep-id" };

/**
 * The hash of a value, tagged with what it identifies: equal values of two kinds never collide.
 *
 * @returns 64 hexadecimal digits
 */
export const taggedHash = (tag: string, value: Json, memo?: WeakMap<object, string>): string =>
  hash("sha256", `r4ec/${tag}/1\n${canonicalJson(value, memo)}`);

/** What a stage's identity is made of. */
export interface StageIdentity {
  /** The runner's name. */
  readonly runner: string;
  /** The runner's version: raised when what it produces changes. */
  readonly version: number;
  readonly params: Json;
  /** Fingerprints of the input stages, by input name. */
  readonly inputs: { readonly [name: string]: Fingerprint };
  /** sha256 of the user's files the stage reads, by the name the runner knows them by. */
  readonly files: { readonly [name: string]: string };
}

/**
 * The fingerprint of a stage. It depends only on content, not on the order of keys, the locale, the
 * time or the folder.
 */
export const fingerprintOf = (stage: StageIdentity): Fingerprint =>
  taggedHash("stage", {
    runner: stage.runner,
    version: stage.version,
    params: stage.params,
    inputs: stage.inputs,
    files: stage.files,
  }) as Fingerprint;

/** The id of a cell, from its normalised settings (placement left out); `memo`: see canonicalJson. */
export const cellIdOf = (settings: Json, memo?: WeakMap<object, string>): CellId =>
  taggedHash("cell", settings, memo).slice(0, 16) as CellId;

/** The id of a sweep, from the experiment's name and its set of cell ids (in any order). */
export const sweepIdOf = (experiment: string, cells: readonly CellId[]): SweepId =>
  taggedHash("sweep", { experiment, cells: [...new Set(cells)].sort() }).slice(0, 16) as SweepId;
