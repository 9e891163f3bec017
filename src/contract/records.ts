import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { Json, JsonObject } from "../base/json.js";

/** A cell as the journal and every view know it. */
export interface CellRecord {
  readonly id: CellId;
  /** Flat map from dotted path to resolved value. */
  readonly settings: { readonly [path: string]: Json };
  /** Fingerprint of the cell's last stage, whose metrics are the cell's. */
  readonly stage: Fingerprint;
}

/** The names of a sweep's cells and stages. Every view uses these and no others. */
export interface Names {
  /**
   * The values of the axes that vary (`small fast seed=1`); the id itself for a cell that the
   * sweep does not have.
   */
  cell(id: CellId): string;
  /**
   * The last stage of a cell is named after its runner and the cell (if it belongs to several
   * cells, the first one); every other stage is named by its label. Gives the fingerprint of a
   * stage that the sweep does not have.
   */
  stage(fingerprint: Fingerprint): string;
}

/** A stage as the journal and every view know it. */
export interface StageRecord {
  readonly fingerprint: Fingerprint;
  readonly runner: string;
  readonly version: number;
  readonly label: string;
  readonly params: JsonObject;
  /** Input stages by input name. */
  readonly inputs: { readonly [name: string]: Fingerprint };
  /** sha256 of the user's files by name. */
  readonly files: { readonly [name: string]: string };
}

/** What a spec was put together from, beside its file. */
export type Composition = {
  /** Settings on the command line, as they were given. */
  readonly overrides: readonly string[];
  /** The files that it extends, as messages name them, with their texts: the innermost first. */
  readonly bases: readonly { readonly file: string; readonly text: string }[];
  /** The variables of the environment that were filled in, with their values. */
  readonly environment: { readonly [name: string]: string };
};
