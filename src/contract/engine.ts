import type { Argv } from "yargs";
import type { CellId, Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { CellRecord, Names, StageRecord } from "./records.js";
import type { StageRequest, ToolchainPart } from "./runner.js";
import type { SpecPlace } from "./spec-place.js";

/** What the engine knows of an artifact: what its stage was, and what came out. */
export type ArtifactFacts = {
  readonly fingerprint: Fingerprint;
  readonly runner: string;
  readonly version: number;
  readonly label: string;
  readonly params: JsonObject;
  /** Fingerprints of the input stages, by input name. */
  readonly inputs: { readonly [name: string]: Fingerprint };
  readonly metrics: { readonly [name: string]: number };
  readonly marks: { readonly [name: string]: string };
  /** When it was made, ISO 8601, and the seconds that it took. */
  readonly created: string;
  readonly seconds: number;
};

/** An artifact whose files have been found whole. */
export interface FoundArtifact {
  readonly folder: string;
  readonly facts: ArtifactFacts;
}

/** What stands at a fingerprint. `damaged`: the files are not those of the manifest. */
export type ArtifactState =
  | { readonly state: "made"; readonly artifact: FoundArtifact }
  | { readonly state: "missing" }
  | { readonly state: "damaged"; readonly reason: string };

/** What a command looks for among the artifacts. */
export interface ArtifactKind {
  /** Name of the runner that makes it. */
  readonly runner: string;
  /** A file that its folder holds: it tells an artifact's folder from any other. */
  readonly file: string;
  /** What people call it: `trained cell`. */
  readonly word: string;
  /** What people may give as its name, for the error. */
  readonly hint: string;
  /** True where the id of a cell whose last stage it is names it too. */
  readonly ofCells?: boolean;
}

/** A sweep as it would run: its cells and all stages behind them. */
export interface SweepPlan {
  readonly cells: readonly CellRecord[];
  /** As every view calls cells and stages, also where `only` leaves some cells out. */
  readonly names: Names;
  /** Each once; a stage stands after all that it needs. */
  readonly stages: ReadonlyMap<
    Fingerprint,
    {
      readonly record: StageRecord;
      /** Fingerprints of its input stages, each once. */
      readonly needs: readonly Fingerprint[];
      /** Cells whose last stage it is. */
      readonly cells: readonly CellId[];
    }
  >;
}

/** Who hears of stages that a command has made. */
export interface MakeListener {
  note(severity: "warning" | "info", message: string): void;
  progress(label: string, done: number, total: number): void;
}

/**
 * What the engine does for a command of the science's own. Every method throws a UserError for what
 * a user can mend.
 */
export interface Engine {
  /** Reads a spec and plans it; `only` narrows it to some cells, as `--only` does for a sweep. */
  plan(file: string, only?: readonly string[]): Promise<SweepPlan>;
  /**
   * The artifacts of one stage of each cell of a spec, each once, made in this process where the
   * store lacks them. The stage may have no inputs and may need no part of the toolchain.
   *
   * @param stageOf the stage of a cell's settings
   */
  make(
    file: string,
    stageOf: (settings: JsonObject, place: SpecPlace) => StageRequest,
    listener: MakeListener,
  ): Promise<readonly FoundArtifact[]>;
  /** What stands at a fingerprint of the store. */
  inspect(fingerprint: Fingerprint): Promise<ArtifactState>;
  /**
   * Finds an artifact by its folder (of any store), by its stage's fingerprint or the beginning of
   * one, or by the id of a cell.
   */
  find(name: string, kind: ArtifactKind): Promise<FoundArtifact>;
  /**
   * Folder of an artifact's input by the input's name, its files found whole; null where it has none
   * of that name.
   */
  inputOf(artifact: FoundArtifact, input: string): Promise<string | null>;
  /**
   * Installs parts of the toolchain where they are missing, tells about it on stderr, and sets this
   * process's environment for them.
   */
  ready(parts: readonly ToolchainPart[]): Promise<void>;
}

/** A command of the science's own. */
export interface ScienceCommand<Arguments = object> {
  /** Name and positional arguments in yargs' form: `score <cell> [samples]`. */
  readonly command: string;
  /** A line for the help. */
  readonly describe: string;
  /** Adds options and positional arguments. */
  readonly builder: (yargs: Argv) => Argv<Arguments>;
  run(args: Arguments, engine: Engine): Promise<void>;
}
