import type { Json } from "../base/json.js";
import type { StageRecord } from "./records.js";

/** Settings of a cell by dotted path (`model.rate`); a setting that a cell lacks stands at its neutral value. */
export interface FlatSettings {
  readonly [path: string]: Json;
}

/** What each unit of the test split contributes to one metric of one cell. */
export interface Influence {
  /** The metric, from the same predictions. */
  readonly value: number;
  /** [K] ids of the units that have a part in it, ascending. */
  readonly units: Int32Array;
  /** [K] float64: what each adds to the metric's deviation; they sum to 0. */
  readonly phi: Float64Array;
  /** Units of the test split that have no part in it. */
  readonly leftOut: number;
}

/** Influences of one cell, by metric. */
export interface CellInfluences {
  /** Equal for two cells exactly where they were tested on the same samples in the same order. */
  readonly samples: string;
  readonly metrics: { readonly [metric: string]: Influence };
}

/** Where a cell's last stage and its inputs stand. */
export interface TestedCell {
  readonly record: StageRecord;
  /** Folder of its artifact. */
  readonly folder: string;
  /** Folders of its input artifacts by input name; one that is gone from the store is left out. */
  readonly inputs: { readonly [name: string]: string };
}

/** Computes influences. It may keep what several cells share, such as a test split. */
export interface InfluenceReader {
  /**
   * Influences of one cell, or why there are none. It reads the cell's predictions once and holds
   * only what is needed for one cell.
   */
  read(cell: TestedCell): Promise<CellInfluences | { readonly reason: string }>;
}

/** A claim about a variant that needs a gain over several others. */
export interface JointClaim {
  /** What people call it: `content helps`. */
  readonly name: string;
  /** What the variant has to be better than: a name, and the settings that mark it in its row. */
  readonly against: readonly {
    readonly name: string;
    /** By path. A setting of a control marks the control of the same variant. */
    readonly settings: FlatSettings;
  }[];
  /** Why the claim cannot be judged with these settings of the variant; null: it can. */
  impediment(settings: FlatSettings): string | null;
}

/** What a comparison of the science's cells has to know. The engine combines it. */
export interface ScienceStatistics {
  /** What the test split is a sample of, in singular and plural: `user`, `users`. */
  readonly unit: { readonly one: string; readonly many: string };
  /**
   * Version of the influences, which are kept in the store. Raise it where the same predictions get
   * other influences, and where one more metric gets them: kept influences lack that metric.
   */
  readonly version: number;
  /** Loads the code that computes influences. */
  reader(): Promise<InfluenceReader>;
  /**
   * Names of the inputs of a cell's last stage that decide what its metrics are computed on: cells whose
   * inputs of these names are different stages cannot be compared.
   */
  readonly tested: readonly string[];
  /** Why units are left out of a metric, as the end of a sentence; null: none ever is. */
  leftOut(metric: string): string | null;
  /** Settings whose values are replicates beside the seed, such as the fold of a split. */
  readonly folds: readonly string[];
  readonly control: {
    /** The setting that makes a control of a variant where it is not neutral. */
    readonly path: string;
    /** Settings that describe the control further. They make variants, never rows. */
    readonly also: readonly string[];
    /** True if a cell has something that a control could replace. */
    applies(settings: FlatSettings): boolean;
  };
  readonly claims: readonly JointClaim[];
  /** What a reader must know about such cells, one sentence each. */
  remarks(cells: readonly FlatSettings[]): readonly string[];
}
