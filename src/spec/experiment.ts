import type { Position } from "./places.js";
import type { Diagnostic } from "../base/diagnostic.js";
import type { CellId } from "../base/fingerprint.js";
import type { Json, JsonObject } from "../base/json.js";
import type { SpecCluster } from "./cluster.js";
import type { SpecFailures } from "./failures.js";
import type { Composition } from "../contract/records.js";
import type { FlatSettings } from "../contract/statistics.js";

/** One point of the sweep. */
export interface Cell {
  /** From the normalised settings alone: placement, name and order have no part in it. */
  readonly id: CellId;
  /**
   * Normalised: shorthand expanded, defaults filled in, settings without effect dropped. Holds
   * `seed` and the science's keys. Cells share equal blocks, so treat it as frozen.
   */
  readonly settings: JsonObject;
  /** The card it is pinned to (by `gpu` in the base settings, a zip, an include or a dealing grid). */
  readonly gpu: number | null;
  /** The axis values (or the include's settings) that made it, shorthand expanded, without gpu. */
  readonly axes: FlatSettings;
  /** True where an include made it. */
  readonly included: boolean;
}

/** A setting that varies. */
export interface Axis {
  /** Dotted path of the setting. */
  readonly path: string;
  /** Its values as they stand in the sweep, shorthand expanded; at least one. */
  readonly values: readonly Json[];
  /** Axes of one group move together: a zip group by its index, the sampled axes by -1; null: of the grid. */
  readonly zip: number | null;
}

/** Tune axes away: per row, only the cell that is best by `metric` is compared. */
export interface Select {
  /** A metric on validation, such as `valid.loss`. */
  readonly metric: string;
  /** Paths of axes. */
  readonly over: readonly string[];
}

/** What `compare` shows. */
export interface Compare {
  /** Settings that mark the baseline, or null: no differences are shown. */
  readonly baseline: FlatSettings | null;
  /** Metrics in order; null: those that the view finds worth showing. */
  readonly metrics: readonly string[] | null;
  /** Settings of the variants that are claims; null: every variant that is no control. */
  readonly claims: readonly FlatSettings[] | null;
  /** By metric, the difference that is too small to matter. */
  readonly equivalence: { readonly [metric: string]: number };
  /** What may vary in a test: test units and seeds, or seeds alone. */
  readonly test: "all" | "seeds";
}

/** What the spec says about machines; what it leaves out, the user-level settings say. */
export interface SpecResources {
  readonly gpus?: "auto" | readonly number[];
  /** What happens with a card of whose memory other programs use a part. */
  readonly busyGpus: "wait" | "use";
  /** Whether programs that share a card do so by NVIDIA's MPS where the machine has it. */
  readonly mps: "auto" | "off";
  /** Last stages of cells (or groups of fused ones) that share one card. */
  readonly cellsPerCard: number;
  /** CPU slots; `auto`: as many as the machine has. */
  readonly cpus: "auto" | number;
}

/** A place of the spec that names a GPU by its number, or asks for several at once, or for memory of one in megabytes. */
export type CardWish = (
  { readonly gpu: number } | { readonly count: number } | { readonly memory: number }
) & {
  /** Dotted path of the setting. */
  readonly path: string;
  /** The file, or the setting on the command line, as a message names it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
};

/** What the spec says about tracking; what it leaves out, the user-level settings say. */
export interface SpecTracking {
  readonly mlflow:
    | "off"
    | {
        /** Address of an MLflow server. */
        readonly uri?: string;
        /** Name of the MLflow experiment; default: the experiment's name. */
        readonly experiment?: string;
        /** Files of artifacts that are stored with MLflow's runs; default: small. */
        readonly artifacts?: "small" | "all" | "none";
      };
}

/** A spec, read, checked and expanded. */
export interface Experiment {
  readonly name: string;
  readonly description: string | null;
  /** The file as the user gave it. */
  readonly file: string;
  /** Its text. */
  readonly text: string;
  /** What it was put together from beside the file; null: from nothing. */
  readonly composition: Composition | null;
  /** Absolute folder of the file; relative paths in settings start here. */
  readonly folder: string;
  /** The spec with shorthand expanded and defaults written out. */
  readonly resolved: JsonObject;
  /** In order: the grid (its last axis fastest), zip groups, includes; at least one; unequal ids. */
  readonly cells: readonly Cell[];
  /** Axes of grid and zip in the order of the file, without gpu. */
  readonly axes: readonly Axis[];
  readonly select: Select | null;
  readonly compare: Compare;
  readonly resources: SpecResources;
  /** Absolute folders of Python environments that are there already, by part of the toolchain. */
  readonly environments: { readonly [part: string]: string };
  /** The cluster that runs the stages; null: this machine does. */
  readonly cluster: SpecCluster | null;
  readonly failures: SpecFailures;
  readonly cards: readonly CardWish[];
  readonly tracking: SpecTracking;
  /** Where the spec says a setting, given by its dotted path; else the nearest block around it. */
  readonly placeOf: (setting: string) => Position;
  /** Warnings and hints, in the order of the file; never an error. */
  readonly diagnostics: readonly Diagnostic[];
}
