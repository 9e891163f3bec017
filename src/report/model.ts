import type { Json } from "../base/json.js";
import type { Labels } from "../cells/index.js";
import type { Equivalence, Verdict } from "../statistics/index.js";
import type { FlatSettings } from "../spec/index.js";
import type { CellState } from "./outcome.js";
import type { Direction, Selection } from "./select.js";

/** What a difference's variance counts: a new draw of test units, of seeds, or of both. */
export type Method = "units and seeds" | "units" | "seeds";

/** A sweep's results, variants beside each other. The form of `compare --json` (docs/compare.md). */
export interface Comparison {
  readonly experiment: string;
  readonly sweep: string;
  readonly cells: { readonly [state in CellState]: number };
  /** Settings that tell variants apart, and the baseline's values. */
  readonly variants: readonly string[];
  readonly baseline: FlatSettings | null;
  /** Settings that tell rows apart. */
  readonly rows: readonly string[];
  /** How these settings are written in the names of cells, by path. */
  readonly labels: Labels;
  readonly select: {
    readonly metric: string;
    readonly direction: Direction;
    readonly over: readonly string[];
  } | null;
  /** What the test split is a sample of (`users`); null: differences are judged by seeds alone. */
  readonly units: string | null;
  readonly metrics: readonly MetricTable[];
  /** What a reader has to know, a sentence each. */
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly kind:
    | "no control"
    | "control as good"
    | "few seeds"
    | "seeds dominate"
    | "left out"
    | "seeds alone"
    | "science"
    | "unfinished"
    | "not comparable"
    | "sweeps"
    | "journal";
  readonly text: string;
}

export interface MetricTable {
  readonly metric: string;
  readonly direction: Direction;
  readonly rows: readonly Row[];
  /** Claims that need a gain over several variants at once, one for each variant and row. */
  readonly claims: readonly ClaimResult[];
}

/** What a joint claim about one variant in one row comes to. */
export interface ClaimResult {
  /** `content helps` */
  readonly claim: string;
  readonly row: FlatSettings;
  readonly variant: FlatSettings;
  readonly verdict: Verdict;
  /** Why it is not judged, where that is so. */
  readonly why: string | null;
  readonly against: readonly {
    readonly name: string;
    readonly difference: number;
    readonly interval: Interval | null;
    /** Of the test that the variant is better. */
    readonly oneSided: number | null;
    readonly seeds: number;
  }[];
  /** The smallest gain that matters, of `compare.equivalence`. */
  readonly margin: number | null;
  /** What would give 80 % power at the margin, where the verdict is open and a margin is given. */
  readonly needed: { readonly seeds: number | null; readonly units: number | null } | null;
}

export type Interval = readonly [low: number, high: number];

export interface Row {
  /** A setting that a row lacks is one that its cells ignore. */
  readonly settings: FlatSettings;
  readonly variants: readonly Entry[];
  /** Size of the family that Holm's correction is over. */
  readonly claims: number;
}

/** One variant in one row. */
export interface Entry {
  readonly settings: FlatSettings;
  readonly baseline: boolean;
  /** True where it is a control of another variant. */
  readonly control: boolean;
  /** True where its difference is one of the row's claims. */
  readonly claim: boolean;
  /** Null where n is 0. */
  readonly mean: number | null;
  /** Sample standard deviation over seeds; null below two. */
  readonly sd: number | null;
  readonly n: number;
  readonly values: readonly {
    readonly seed: Json;
    readonly value: number;
    readonly cell: string;
  }[];
  /** Cells that should be here and are not: never averaged over in silence. */
  readonly missing: readonly {
    readonly seed: Json;
    readonly cell: string;
    /** The cell's name, as every view calls it. */
    readonly name: string;
    readonly state: CellState | "no metric";
    readonly why: string | null;
  }[];
  readonly selection: Selection | null;
  /** To the baseline, over the seeds that both have; null for the baseline itself, or without one. */
  readonly difference: {
    readonly mean: number;
    readonly sd: number | null;
    /** Seeds that both sides have. */
    readonly pairs: number;
    /** 95 %. */
    readonly interval: Interval | null;
    /** What was taken to vary. */
    readonly method: Method | null;
    /** Why units are not taken to vary, where they are not. */
    readonly why: string | null;
    /** Units and folds of the test split; null by seeds alone. */
    readonly units: number | null;
    readonly folds: number | null;
    readonly variance: { readonly units: number; readonly seeds: number | null } | null;
  } | null;
  readonly test:
    | {
        readonly t: number;
        readonly df: number;
        /** Seeds. */
        readonly n: number;
        readonly p: number;
        /** Corrected over the row's claims; null where it is none of them, or has too few seeds. */
        readonly holm: number | null;
      }
    | { readonly reason: string }
    | null;
  /** Where `compare.equivalence` has a margin for the metric. */
  readonly equivalence: Equivalence | null;
  readonly marks: { readonly [name: string]: readonly string[] };
}
