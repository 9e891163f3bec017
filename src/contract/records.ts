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
